'use strict';

module.exports = {
  require: ['out/test/support/hooks.js'],
  forbidOnly: true,
  forbidPending: true,
  timeout: 10000,
};
