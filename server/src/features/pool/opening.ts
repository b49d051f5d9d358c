import { X509Certificate } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';

import type {
  PreHandshakeStep,
  PreHandshakeValue,
  Profile,
  Secrets,
  SshMachineFields,
  SshTransport,
  TcpTransport,
  TlsTransport,
} from '../../api/model';
import { DEFAULT_RPYC_PORT } from '../../api/transport';
import {
  ConnectError,
  type ConnectOptions,
  type Connection,
  DeployedServer,
  ErrorCode,
  type PreHandshakeStep as LibraryStep,
  type SslConnectOptions,
  SshMachine,
  connect,
  connectSubproc,
  namedPipePath,
  sshConnect,
  sslConnect,
  unixConnect,
} from '../../rpyc/index';
import { UntrustedCertificateError, certificateFacts } from '../certificate';
import { ProblemError, missingSecret, noNamedPipes } from '../problem';
import { NO_PIN, tellingTls } from './hiddenTls';
import { connectByName } from './serviceByName';
import type { PoolTimings } from './timings';

/** An open connection, with what has to be there as long as it is. */
export interface Opened {
  readonly connection: Connection;
  /** Closes the connection and whatever carries it. Nothing of it is left then. */
  readonly close: () => Promise<void>;
  /** `host:port` where a registry said that the server is. */
  readonly address?: string;
}

export interface OpeningOptions {
  readonly profile: Profile;
  readonly secrets: Secrets;
  readonly timings: PoolTimings;
  /** For a service by name: the `host:port` that the user has agreed to. */
  readonly address: string | undefined;
  /** What every kind is given. */
  readonly connectOptions: ConnectOptions;
}

/**
 * Connects in the way that the profile's transport says: the one place that knows all ways.
 *
 * @throws an error of the library, or a `ProblemError`; nothing is left open then
 */
export async function openTransport(options: OpeningOptions): Promise<Opened> {
  const { profile, secrets, timings } = options;
  const { transport } = profile;
  const ours: ConnectOptions = {
    ...options.connectOptions,
    ...(profile.preHandshake === undefined
      ? {}
      : { preHandshake: profile.preHandshake.map((step) => libraryStep(step, secrets)) }),
  };
  switch (transport.kind) {
    case 'tcp':
      return alone(await connectTcp(transport, ours));
    case 'tls':
      return alone(await connectTls(transport, ours, secrets));
    case 'unix':
      return alone(await unixConnect(wholePath(transport.path), ours));
    case 'pipe':
      return alone(await unixConnect(pipeHere(transport.name), ours));
    case 'ssh':
      return openTunnel(transport, timings, ours);
    case 'subprocess':
      return alone(
        await connectSubproc(transport.command, {
          ...ours,
          timeout: timings.startSeconds,
          // A service waits for us to speak first; a classic server does not.
          listenFirst: profile.service !== 'service',
          cwd: transport.cwd === undefined ? os.homedir() : wholePath(transport.cwd),
          env: { ...process.env, ...transport.env },
        }),
      );
    case 'deploy': {
      const machine = machineOf(transport, timings);
      const { signal } = ours;
      const server = new DeployedServer(machine, {
        ...(transport.python === undefined ? {} : { pythonExecutable: transport.python }),
        ...(signal === undefined ? {} : { signal }),
      });
      return carried([server, machine], async () => {
        ours.onStage?.('connect');
        await server.start();
        return server.connect(ours);
      });
    }
    case 'registry': {
      const { connection, address } = await connectByName(transport, {
        agreed: options.address,
        registrySeconds: timings.registrySeconds,
        connectOptions: ours,
      });
      return { ...alone(connection), address };
    }
  }
}

function openTunnel(transport: SshTransport, timings: PoolTimings, ours: ConnectOptions): Promise<Opened> {
  const machine = machineOf(transport, timings);
  const { remoteHost, remotePort = DEFAULT_RPYC_PORT, remoteSocket } = transport;
  const target = remoteSocket ?? remotePort;
  return carried([machine], () =>
    sshConnect(machine, target, { ...ours, ...(remoteHost === undefined ? {} : { remoteHost }) }),
  );
}

function machineOf(fields: SshMachineFields, timings: PoolTimings): SshMachine {
  const { host, user, port, identityFile, configFile } = fields;
  return new SshMachine({
    host,
    user,
    port,
    identityFile: identityFile === undefined ? undefined : wholePath(identityFile),
    configFile: configFile === undefined ? undefined : wholePath(configFile),
    timeout: timings.loginSeconds,
  });
}

function connectTcp({ host, port }: TcpTransport, ours: ConnectOptions): Promise<Connection> {
  return tellingTls(connect(host, port, { ...ours, keepalive: true }), host, port, ours);
}

/** Where a certificate is not trusted, it is told which one it is: whoever knows it can pin it then. */
async function connectTls(
  transport: TlsTransport,
  ours: ConnectOptions,
  secrets: Secrets,
): Promise<Connection> {
  const { host, port } = transport;
  const options = tlsOptions(transport, ours, secrets);
  try {
    return await sslConnect(host, port, options);
  } catch (error) {
    const isUntrusted =
      error instanceof ConnectError &&
      (error.code === ErrorCode.tlsSelfSigned || error.code === ErrorCode.tlsUntrusted);
    if (!isUntrusted || ours.oneShot === true) {
      throw error;
    }
    // No secret and no word of RPyC goes to whoever this is: the pin ends it after the TLS handshake.
    const seen: unknown = await sslConnect(host, port, {
      timeout: ours.timeout,
      signal: ours.signal,
      cert: options.cert,
      key: options.key,
      passphrase: options.passphrase,
      servername: options.servername,
      minVersion: options.minVersion,
      pin: NO_PIN,
    }).then(
      (connection) => connection.close(),
      (mismatch: unknown) => mismatch,
    );
    const certificate = seen instanceof ConnectError ? seen.cause : undefined;
    if (!(certificate instanceof X509Certificate)) {
      throw error;
    }
    const facts = certificateFacts(certificate);
    const text = `${error.message}; it has the fingerprint ${facts.fingerprint}`;
    throw new UntrustedCertificateError(text, error.code, facts, { cause: error });
  }
}

function tlsOptions(transport: TlsTransport, ours: ConnectOptions, secrets: Secrets): SslConnectOptions {
  const { ca, cert, key, passphrase, pin, servername, minVersion, insecure } = transport;
  const file = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : wholePath(name);
  return {
    ...ours,
    keepalive: true,
    ca: file(ca),
    cert: file(cert),
    key: file(key),
    passphrase: passphrase === undefined ? undefined : secretOf(passphrase.secret, secrets),
    pin,
    servername,
    minVersion,
    ...(insecure === true ? { rejectUnauthorized: false } : {}),
  };
}

function alone(connection: Connection): Opened {
  return { connection, close: () => connection.close() };
}

/** @param carriers what the connection goes through, the innermost first */
async function carried(
  carriers: readonly { close(): Promise<void> }[],
  open: () => Promise<Connection>,
): Promise<Opened> {
  const closeCarriers = async (): Promise<void> => {
    for (const carrier of carriers) {
      await carrier.close();
    }
  };
  try {
    const connection = await open();
    return {
      connection,
      close: async () => {
        await connection.close();
        await closeCarriers();
      },
    };
  } catch (error) {
    await closeCarriers();
    throw error;
  }
}

/** `~/` is the home of whoever runs the editor. */
function wholePath(name: string): string {
  return name.startsWith('~/') ? path.join(os.homedir(), name.slice(2)) : name;
}

function pipeHere(name: string): string {
  if (process.platform !== 'win32') {
    throw new ProblemError(noNamedPipes());
  }
  return name.startsWith('\\\\') ? name : namedPipePath(name);
}

function libraryStep(step: PreHandshakeStep, secrets: Secrets): LibraryStep {
  const [[name, value]] = Object.entries(step) as [[string, PreHandshakeValue]];
  return { [name]: bytesOf(value, secrets) } as unknown as LibraryStep;
}

function bytesOf(value: PreHandshakeValue, secrets: Secrets): Uint8Array {
  if (typeof value === 'string') {
    return Buffer.from(value, 'utf8');
  }
  return 'hex' in value
    ? Buffer.from(value.hex, 'hex')
    : Buffer.from(secretOf(value.secret, secrets), 'utf8');
}

function secretOf(name: string, secrets: Secrets): string {
  const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
  if (typeof secret !== 'string') {
    throw new ProblemError(missingSecret(name));
  }
  return secret;
}
