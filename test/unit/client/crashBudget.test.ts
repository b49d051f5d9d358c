import assert from 'node:assert/strict';

import { CrashBudget } from '../../../client/src/crashBudget';

describe('Crash budget', () => {
  it('allows two starts and refuses after the third crash in a minute', () => {
    const budget = new CrashBudget(3, 60_000);
    assert.equal(budget.spend(0), true);
    assert.equal(budget.spend(30_000), true);
    assert.equal(budget.spend(59_999), false);
  });

  it('forgets crashes that are a minute old', () => {
    const budget = new CrashBudget(3, 60_000);
    budget.spend(0);
    budget.spend(1);
    assert.equal(budget.spend(60_000), true);
    assert.equal(budget.spend(60_001), true);
    assert.equal(budget.spend(60_002), false);
  });

  it('starts over when somebody asks for a restart', () => {
    const budget = new CrashBudget(3, 60_000);
    budget.spend(0);
    budget.spend(1);
    budget.spend(2);
    budget.reset();
    assert.equal(budget.spend(3), true);
  });
});
