'use strict';

/**
 * Required by Mocha before the tests of RPyC's API reference: each of them then has to fail while what it is about does
 * nothing. What was taken away cannot clean up, so the run ends by `--exit`.
 */
process.env['RPYC_DISABLE_ENTRIES'] = '1';
