'use strict';

/**
 * Mocha's `spec` on stdout, and the counts as JSON in the file that RPYC_TEST_RESULTS names: what `npm test`
 * adds up. Used by every kind of test, also inside the extension host.
 */
const { writeFileSync } = require('node:fs');
const Mocha = require('mocha');

const { EVENT_RUN_END, EVENT_TEST_FAIL } = Mocha.Runner.constants;

module.exports = class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const failed = [];
    runner.on(EVENT_TEST_FAIL, (test, error) => {
      failed.push({ title: test.fullTitle(), message: String(error?.message ?? error) });
    });
    runner.once(EVENT_RUN_END, () => {
      const file = process.env['RPYC_TEST_RESULTS'];
      if (file !== undefined) {
        const { passes, pending } = runner.stats;
        writeFileSync(file, JSON.stringify({ passed: passes, pending, failed }));
      }
    });
  }
};
