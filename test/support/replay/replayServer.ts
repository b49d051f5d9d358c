/** Plays the server of a recording with a service of ours. */
import { Channel } from '../../../server/src/rpyc/core/channel';
import { Connection } from '../../../server/src/rpyc/core/protocol';
import type { Service } from '../../../server/src/rpyc/core/service';
import { withTimeout } from '../../../server/src/rpyc/lib/deferred';
import { Replay, type ReplayOptions } from './replay';
import type { Recording } from './recording';

const LONGEST_SECONDS = 5;

/**
 * Serves until the recorded client closes.
 *
 * @throws what was wrong first
 */
export async function replayServer(
  recording: Recording,
  service: Service,
  options: Pick<ReplayOptions, 'byteByByte'>,
): Promise<void> {
  const replay = new Replay(recording, { side: 'server', freeInspect: true, ...options });
  // A client of 4.0 or before shows itself after the first answer only; live tests have that.
  const isOld = recording.dialect === 'A' || recording.dialect === 'B';
  const connection = new Connection(new Channel(replay), {
    service,
    dialect: isOld ? recording.dialect : 'auto',
  });
  try {
    await connection.start();
    await withTimeout(connection.serveAll(), LONGEST_SECONDS, () => new Error('The client never closed'));
  } catch (error) {
    throw replay.failure ?? error;
  } finally {
    connection.dispose();
  }
  replay.finish();
}
