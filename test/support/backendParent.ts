/** A process that starts the background process, prints its id, and waits to be killed. */
import { Backend } from './backend';

void Backend.start([]).then(({ pid }) => process.stdout.write(`${pid}\n`));
