/** The lab bench, served on this machine only, for whoever wants it inside another program. */
import { ThreadedServer } from '../../rpyc/index';
import { LabBench } from './labBench';
import { labService } from './labService';

const HOST = '127.0.0.1';
const SEED = 1;

export interface LabDemo {
  readonly address: { readonly host: string; readonly port: number };
  /** Names of the service, as registries keep them. */
  readonly names: readonly string[];
  close(): Promise<void>;
}

/** @param port 0 takes a free one */
export async function startLabDemo(port: number, seed = SEED): Promise<LabDemo> {
  const bench = new LabBench(seed);
  const server = new ThreadedServer({ service: labService(bench), hostname: HOST, port });
  await server.start();
  bench.start();
  return {
    address: { host: HOST, port: server.port },
    names: ['LAB'],
    close: async () => {
      bench.dispose();
      await server.close();
    },
  };
}
