import type * as Pinning from './pinCertificate';

/** The way to what pins a certificate: its code is loaded when it is first needed. */
export function loadPinning(): Promise<typeof Pinning> {
  return import(/* webpackChunkName: "pinCertificate" */ './pinCertificate.js');
}
