/** A program of ours whose standard streams lead to whoever started it: `stdioProgram echo|serve|use <dialect>`. */
import { classic, connectStdpipes, type DialectName, PipeStream, Service } from '../../server/src/rpyc/index';
import { disableHere } from './disabledExport';

class DoublerService extends Service {
  exposed_double(value: number): number {
    return 2 * value;
  }
}

/** Gives back what comes, in capitals. */
function echo(): void {
  const stream = PipeStream.fromStd();
  process.stdout.write('what is printed is no part of it\n');
  stream.onDidReceive((chunk) => stream.write([Buffer.from(Buffer.from(chunk).toString().toUpperCase())]));
  stream.start();
}

async function serve(): Promise<void> {
  const connection = await connectStdpipes({ service: DoublerService });
  await connection.serveAll();
}

/** Drives the classic server that has started this. */
async function use(dialect: DialectName): Promise<void> {
  const connection = await classic.connectStdpipes({ dialect });
  await connection.execute(`print("driven by", ${process.pid}, flush=True)`);
  await connection.close();
}

disableHere();
const [mode, dialect] = process.argv.slice(2);
if (mode === 'echo') echo();
if (mode === 'serve') void serve();
if (mode === 'use') void use(dialect as DialectName);
