/** Certificates of a test's own authority, made with openssl. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Files in PEM. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface IssueOptions {
  /** Whom the certificate is for; this machine, by default. */
  readonly names?: string;
  /** Days that it is valid for; a negative number makes one that has expired. */
  readonly days?: number;
}

const THIS_MACHINE = 'DNS:localhost,IP:127.0.0.1,IP:::1';

/** An authority, for as long as a test needs it: its files go with it. */
export class TestAuthority implements AsyncDisposable {
  private constructor(
    private readonly folder: string,
    private readonly self: CertificateFiles,
  ) {}

  static async create(): Promise<TestAuthority> {
    const folder = await mkdtemp(path.join(tmpdir(), 'rpyc-authority-'));
    const self = { cert: path.join(folder, 'ca.pem'), key: path.join(folder, 'ca.key') };
    const made = [
      'req',
      '-x509',
      ...newKey(self.key),
      '-out',
      self.cert,
      '-subj',
      '/CN=test authority',
      '-days',
      '2',
    ];
    await run('openssl', made);
    return new TestAuthority(folder, self);
  }

  /** The authority's own certificate. */
  get ca(): string {
    return this.self.cert;
  }

  /** Signs a certificate for this machine, or for whoever the options say. */
  async issue(
    name: string,
    { names = THIS_MACHINE, days = 2 }: IssueOptions = {},
  ): Promise<CertificateFiles> {
    const file = (ending: string): string => path.join(this.folder, `${name}.${ending}`);
    const files = { cert: file('pem'), key: file('key') };
    await writeFile(file('ext'), `subjectAltName=${names}\n`);
    await run('openssl', ['req', ...newKey(files.key), '-out', file('csr'), '-subj', `/CN=${name}`]);
    const authority = ['-CA', this.self.cert, '-CAkey', this.self.key, '-CAcreateserial'];
    const signed = ['-in', file('csr'), '-out', files.cert, '-extfile', file('ext')];
    await run('openssl', ['x509', '-req', '-days', String(days), ...authority, ...signed]);
    return files;
  }

  /** A certificate for this machine that nobody but itself has signed. */
  async selfSigned(name: string): Promise<CertificateFiles> {
    const files = { cert: path.join(this.folder, `${name}.pem`), key: path.join(this.folder, `${name}.key`) };
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${THIS_MACHINE}`, '-days', '2'];
    await run('openssl', ['req', '-x509', ...newKey(files.key), '-out', files.cert, ...subject]);
    return files;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

function newKey(file: string): readonly string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file];
}
