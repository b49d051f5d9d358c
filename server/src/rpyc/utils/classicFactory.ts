/*
 * Ways to connect to a classic server, after the connect functions of rpyc/utils/classic.py.
 */

import { DEFAULT_PORT } from '../core/consts';
import { ClassicConnection } from './classicConnection';
import { ClassicClient } from './classicServices';
import type { ConnectOptions } from './connectOptions';
import { connectWith } from './factory';

/**
 * Connects to a classic server. Unlike Python's, this client offers the server nothing unless `options.service` says so.
 *
 * @throws as `connect`
 */
export async function connect(
  host: string,
  port: number = DEFAULT_PORT,
  options: ConnectOptions = {},
): Promise<ClassicConnection> {
  return await connectWith(
    host,
    port,
    { service: ClassicClient, ...options },
    (channel, made) => new ClassicConnection(channel, made),
  );
}
