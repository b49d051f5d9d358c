/** Two releases of RPyC, or of Python, that do not understand each other. */
import { words } from '../words';
import { type Finding, type Rule, through, throughIfShown } from '../rule';
import { capital } from '../sides';

const SAME_RELEASE = words`Install the same release of rpyc on both sides, for instance ${'pip install rpyc==6.0.2'}, or ${'pip install "rpyc>=5,<6"'} where one of them cannot be updated.`;

/** The release that the lines give, or the range that is known from the message alone. */
function release({ releases }: Finding, otherwise: string): string {
  return releases?.text ?? otherwise;
}

function twoForms(finding: Finding, own: string, others: string): ReturnType<Rule['explain']> {
  const { sides, raised } = finding;
  const here = capital(sides.name(raised.level));
  const there = sides.other(raised.level);
  return {
    headline: words`The two programs run releases of rpyc that cannot talk to each other: 6 changed the form of every message.`,
    what: [
      [`${here} runs `, ...words`${release(finding, own)} and could not read what came.`],
      [`What came is in the form of ${others}: that is what ${there} runs.`],
    ],
    mend: [SAME_RELEASE],
  };
}

const PYTHON2 = words`Python 2 sends names as bytes, and some numbers in a way that newer releases no longer take.`;

function python2(finding: Finding): ReturnType<Rule['explain']> {
  const { sides, raised } = finding;
  return {
    headline: words`One of the two programs runs on Python 2 and the other on Python 3, and rpyc does not translate between them.`,
    what: [
      PYTHON2,
      [
        `It shows in ${sides.name(raised.level)}`,
        ...words`, which runs ${release(finding, 'rpyc 4.1 to 6')}.`,
      ],
    ],
    mend: [
      words`Move the program on Python 2 to Python 3, with the same release of rpyc as the other side.`,
      words`Where it has to stay on Python 2, run the other side on Python 2 as well, with the same release.`,
    ],
  };
}

function olderReferences(finding: Finding, asking: string, asked: string): ReturnType<Rule['explain']> {
  const { sides, raised } = finding;
  return {
    headline: words`The two programs run releases of rpyc that name objects in different ways.`,
    what: [
      [
        `${capital(sides.name(raised.level))} runs `,
        ...words`${release(finding, asked)}, was asked for an object and did not know the name ${finding.match[1] ?? ''}.`,
      ],
      [`That is how ${asking} names it, which ${sides.other(raised.level)} runs.`],
    ],
    mend: [SAME_RELEASE],
  };
}

const INSPECT = through('core/protocol.py', /^_handle_inspect$/);

export const VERSION_RULES: readonly Rule[] = [
  {
    name: 'version 6 met an older one',
    error: /^ValueError: invalid message type: 18$/,
    explain: (finding) => twoForms(finding, 'rpyc 6', 'rpyc 3 to 5.3'),
  },
  {
    name: 'version 6 met no rpyc',
    error: /^ValueError: invalid message type: (\d+)$/,
    explain: ({ match, sides, raised }) => ({
      headline: words`What came is no message of rpyc 6.`,
      what: [
        [
          `${capital(sides.name(raised.level))} got `,
          ...words`${match[1] ?? ''} where a message has 1, 2 or 3.`,
        ],
      ],
      mend: [
        words`Check that rpyc itself listens on that port, and that both sides run the same release.`,
        words`Set ${'RPYC_BIND_THREADS'} on both sides or on neither: it puts more bytes before each message.`,
      ],
    }),
  },
  {
    name: 'an older version met version 6',
    error:
      /^(?:ValueError: (?:not enough values to unpack \(expected 3, got 0\)|need more than 0 values to unpack)|TypeError: (?:cannot unpack non-iterable bool object|'bool' object is not iterable))$/,
    // The same words come from any assignment to three names.
    frames: ({ frames }) => {
      const last = frames.at(-1);
      return (
        last === undefined || (last.name === '_dispatch' && /rpyc[\\/]core[\\/]protocol\.py$/.test(last.file))
      );
    },
    explain: (finding) => {
      const advice = twoForms(finding, 'rpyc 5.3 or older', 'rpyc 6');
      return finding.raised.frames.length > 0
        ? advice
        : {
            ...advice,
            what: [
              ...advice.what,
              words`This holds if the line comes from ${'_dispatch'} in ${'rpyc/core/protocol.py'}: paste the whole traceback to be sure.`,
            ],
          };
    },
  },
  {
    name: 'version 4.0 or older was asked by a newer one, on Python 2',
    error: /^KeyError: (\((?:u?'[^']{1,40}'|\d{1,20}L?|u"b'[^"]{1,300}"), .{1,300}\))$/,
    frames: (raised) => INSPECT(raised) && /u'|u"b'/.test(raised.message),
    explain: python2,
  },
  {
    name: 'version 4.0 or older was asked by a newer one',
    error: /^KeyError: (\((?:'\d{1,20}'|\d{1,20}), '[^']{1,300}', '[^']{1,300}'\))$/,
    frames: throughIfShown('core/protocol.py', /^_handle_inspect$/),
    explain: (finding) => olderReferences(finding, 'rpyc 4.1 to 5.3', 'rpyc 4.0 or older'),
  },
  {
    name: 'version 4.1 or newer was asked by an older one',
    error: /^KeyError: '([^']{1,300}\.[^']{1,300})'$/,
    frames: INSPECT,
    explain: (finding) => olderReferences(finding, 'rpyc 4.0 or older', 'rpyc 4.1 to 5.3'),
  },
  {
    name: 'version 3 was asked by version 4.0',
    error: /^KeyError: (<.{1,300} at 0x[0-9a-f]{1,20}>)$/,
    frames: through(
      'core/protocol.py',
      /^_access_attr$|^_handle_\w+$/,
      /_local_objects\[oid\]|self\._access_attr\(oid/,
    ),
    explain: (finding) => olderReferences(finding, 'rpyc 4.0', 'rpyc 3'),
  },
  {
    name: 'version 4.0 was asked by version 3',
    error: /^AttributeError: '(?:int|long)' object has no attribute '([^']{1,200})'$/,
    frames: through('core/protocol.py', /^_access_attr$/, /return accessor\(obj, name, \*args\)/),
    explain: (finding) => olderReferences(finding, 'rpyc 3', 'rpyc 4 or newer'),
  },
  {
    name: 'Python 2 at the other end',
    error: /^TypeError: attribute name must be string, not 'bytes'$/,
    frames: through('core/vinegar.py'),
    explain: python2,
  },
  {
    name: 'a long number of Python 2',
    error: /^TypeError: 'NoneType' object is not callable$/,
    frames: through('core/brine.py'),
    explain: python2,
  },
  {
    name: 'version 3 on a newer Python',
    error: /^SyntaxError: invalid syntax/,
    frames: ({ frames }) =>
      frames.some(
        (frame) =>
          /rpyc[\\/](?:__init__|core[\\/]\w+|utils[\\/]\w+)\.py$/.test(frame.file) &&
          /\basync\b/.test(frame.source),
      ),
    explain: () => ({
      headline: words`rpyc 3 cannot be loaded by Python 3.7 or newer: it uses the name ${'async'}, which became a word of the language.`,
      what: [words`Nothing was sent: the program stopped while it imported rpyc.`],
      mend: [
        words`Install rpyc 4 or newer there: ${'pip install -U rpyc'}. The other side needs a release that goes with it.`,
        words`Where the other side has to stay with rpyc 3, run this one with Python 3.6 or older.`,
      ],
    }),
  },
  {
    name: 'old rpyc without wrap_socket',
    error: /^AttributeError: module 'ssl' has no attribute 'wrap_socket'/,
    frames: through('core/stream.py'),
    explain: (finding) => ({
      headline: words`This release of rpyc cannot use TLS on Python 3.12 or newer, which took away the function that it calls.`,
      what: [
        [
          `${capital(finding.sides.name(finding.raised.level))} runs `,
          ...words`${release(finding, 'an older rpyc')}.`,
        ],
      ],
      mend: [words`Install rpyc 5.2 or newer there, or run it with Python 3.11 or older.`],
    }),
  },
];
