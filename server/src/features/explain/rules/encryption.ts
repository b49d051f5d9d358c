/** TLS that does not come about. */
import type { Words } from '../../../api/explanation';
import { type Rule } from '../rule';
import { words } from '../words';

const TYPE = '^(?:\\w*SSL\\w*Error|EOFError|OSError|TimeoutError|timeout|error|ConnectionResetError)';

function ssl(pattern: string): RegExp {
  return new RegExp(`${TYPE}: .{0,200}${pattern}`);
}

/** The reason in the words of OpenSSL, and ours. */
const CERTIFICATE_REASONS: readonly (readonly [RegExp, Words, Words])[] = [
  [
    /self[- ]signed certificate/,
    words`The server's certificate is signed by itself, or by an authority that this side was not told of.`,
    words`Get the certificate of that authority, or the server's own, and pass its file as ${'ca_certs'}.`,
  ],
  [
    /has expired/,
    words`The server's certificate has expired.`,
    words`Have it renewed on the server. If it is not so old, check the clock of this machine.`,
  ],
  [
    /not yet valid/,
    words`The server's certificate is not valid yet.`,
    words`Check the clocks of both machines.`,
  ],
  [
    /mismatch|doesn't match|is not valid for/,
    words`The certificate is for another name than the one that was used to connect.`,
    words`Connect by a name that stands in the certificate, or have one made that names this host or address.`,
  ],
  [
    /unable to get (?:local )?issuer/,
    words`The authority that signed the server's certificate is not known on this side.`,
    words`Pass the authority's certificate as ${'ca_certs'}.`,
  ],
];

export const ENCRYPTION_RULES: readonly Rule[] = [
  {
    name: 'TLS to a plain port',
    error: ssl('(?:WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL|HTTP_REQUEST|RECORD_LAYER_FAILURE)'),
    explain: () => ({
      headline: words`One side speaks TLS and the other does not.`,
      what: [
        words`TLS got bytes that are no TLS: most often a client with ${'ssl_connect'} at a server without an authenticator, or another service on that port.`,
      ],
      mend: [
        words`Connect with ${'rpyc.connect'} if the server is meant to be plain, and check the port.`,
        words`Or give the server TLS, as below.`,
      ],
      code: [
        {
          title: 'In the server',
          text: 'from rpyc.utils.authenticators import SSLAuthenticator\nThreadedServer(MyService, port=18861, authenticator=SSLAuthenticator("key.pem", "cert.pem"))',
        },
      ],
    }),
  },
  {
    name: 'no answer to TLS',
    error: ssl('handshake operation timed out'),
    explain: () => ({
      headline: words`The server never answered the beginning of TLS: it is most likely a plain one.`,
      what: [
        words`A plain rpyc server takes the first bytes of TLS for the beginning of a message and waits for its rest.`,
      ],
      mend: [
        words`Connect with ${'rpyc.connect'} instead of ${'rpyc.ssl_connect'}, or give the server an ${'SSLAuthenticator'}.`,
        words`If it does use TLS, it is too busy to answer, or serves one client at a time.`,
      ],
    }),
  },
  {
    name: 'a certificate that is not trusted',
    error: ssl('(CERTIFICATE_VERIFY_FAILED.{0,300})'),
    explain: ({ match }) => {
      const found = CERTIFICATE_REASONS.find(([pattern]) => pattern.test(match[1] ?? ''));
      return {
        headline: found?.[1] ?? words`The certificate of the other side was not accepted.`,
        what: [
          words`The connection was encrypted so far that the certificate could be looked at, and it was refused. Nothing was sent.`,
        ],
        mend: [
          found?.[2] ??
            words`Check that ${'ca_certs'} holds the authority that signed it, and that the name fits.`,
          words`Do not switch the check off: without it anybody in between can read and change everything.`,
        ],
      };
    },
  },
  {
    name: 'a client certificate is missing',
    error: ssl(
      '(?:CERTIFICATE_REQUIRED|PEER_DID_NOT_RETURN_A_CERTIFICATE|ALERT_UNKNOWN_CA|ALERT_BAD_CERTIFICATE|HANDSHAKE_FAILURE)',
    ),
    explain: () => ({
      headline: words`The two sides did not agree on certificates.`,
      what: [
        words`The server wants a certificate of the client, or one side does not trust the other's authority, or they have no cipher in common.`,
      ],
      mend: [
        words`Pass ${'keyfile'}, ${'certfile'} and ${'ca_certs'} to ${'rpyc.ssl_connect'}, from the authority that the server names in its ${'SSLAuthenticator'}.`,
      ],
    }),
  },
  {
    name: 'an old version of TLS',
    error: ssl(
      '(?:UNSUPPORTED_PROTOCOL|ALERT_PROTOCOL_VERSION|VERSION_TOO_LOW|NO_PROTOCOLS_AVAILABLE|TLSV1_ALERT_INTERNAL_ERROR)',
    ),
    explain: () => ({
      headline: words`The two sides have no version of TLS in common.`,
      what: [
        words`rpyc up to 4.1 asks for TLS 1.0 unless told otherwise, and systems of today refuse anything below 1.2.`,
      ],
      mend: [
        words`Install rpyc 5.2 or newer on the side with the older one, or name the version there, as below.`,
        words`Take ${'ssl_version=ssl.PROTOCOL_TLSv1'} out if your own code has it.`,
      ],
      code: [
        {
          title: 'In the server',
          text: 'SSLAuthenticator("key.pem", "cert.pem", ssl_version=ssl.PROTOCOL_TLS_SERVER)',
        },
        { title: 'In the client', text: 'rpyc.ssl_connect("host", 18821, ssl_version=ssl.PROTOCOL_TLSv1_2)' },
      ],
    }),
  },
];
