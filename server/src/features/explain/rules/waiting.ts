/** Answers that came too late, and connections that ended. */
import { type Rule, through, throughIfShown, throughRpyc } from '../rule';
import { capital } from '../sides';
import { words } from '../words';
import { configExamples } from './access';

/** The connection was cut without a word, while something was read or written. */
const CUT = '\\[(?:Errno|WinError) (?:104|54|10054|10053|32|103)\\]';

const REASONS = [
  words`The other program ended, crashed or was killed, or its machine restarted: its own log says more.`,
  words`It closed the connection on purpose: an error while it served this one, or another release of rpyc.`,
  words`It is no rpyc, or it wants TLS or a password first: then this comes with the very first call.`,
];

export const WAITING_RULES: readonly Rule[] = [
  {
    name: 'an answer came too late',
    error: /^\w+: result expired$/,
    explain: (finding) => {
      const { raised, sides } = finding;
      const waiting = sides.name(raised.level);
      const setExpiry = raised.frames.length > 0 && !through('core/protocol.py', /^sync_request$/)(raised);
      return {
        headline: [`${capital(waiting)} waited for an answer longer than it was set to.`],
        what: [
          [`${capital(sides.other(raised.level))} had not answered yet; it may still be at work on it.`],
          setExpiry
            ? words`The limit was given to this one call, by ${'set_expiry'} or ${'timed'}.`
            : [
                ...words`The limit is ${'sync_request_timeout'}, 30 seconds unless it is set, `,
                `and the one of ${waiting} is what counts here: the setting of the other side changes nothing.`,
              ],
        ],
        mend: [
          setExpiry
            ? words`Give that call more time, or none: ${'result.set_expiry(None)'}.`
            : [`Raise the limit in ${waiting}, or take it away with None, as below.`],
          words`Or call it without waiting: ${'rpyc.async_(conn.root.method)(…)'}, and ask for the value later.`,
          words`If it should have been quick, the other side may be stuck: one connection there does one thing at a time, and a callback waits until its own side serves it.`,
        ],
        code: setExpiry ? [] : configExamples(finding, raised.level, '"sync_request_timeout": None'),
      };
    },
  },
  {
    name: 'used after it was closed',
    error: /^EOFError: stream has been closed$/,
    frames: throughIfShown('core/stream.py'),
    explain: ({ sides, raised }) => ({
      headline: words`The connection was closed already when this was asked.`,
      what: [
        [`${capital(sides.name(raised.level))} still holds a remote object, and its connection is over.`],
        words`It was closed here before: by ${'close()'}, by an error earlier on, or since nothing kept the connection itself.`,
      ],
      mend: [
        words`Look for the first error before this one: it has the reason.`,
        words`Keep the connection in a variable for as long as its objects are used, and connect anew when it has ended: objects of the old one never come back.`,
      ],
    }),
  },
  {
    name: 'an object that is gone',
    error: /^KeyError: (\('[^']{1,300}', \d{1,20}, \d{1,20}\))$/,
    frames: through('lib/colls.py'),
    explain: ({ match, sides, raised }) => ({
      headline: [
        `${capital(sides.name(raised.level))} was asked for an object that it does not hold any more.`,
      ],
      what: [
        words`It is called ${match[1] ?? ''} on the wire.`,
        words`The object was let go of, or it belongs to another connection: an object can be used only through the connection that it came by.`,
      ],
      mend: [
        words`Ask for the object anew through the connection that you use now.`,
        words`Where several threads or processes share a connection, give each one its own.`,
      ],
    }),
  },
  {
    name: 'the other side hung up',
    error: /^EOFError: connection closed by peer$/,
    frames: throughIfShown('core/stream.py'),
    explain: ({ sides, raised }) => ({
      headline: [`${capital(sides.other(raised.level))} closed the connection before it had answered.`],
      what: [
        ['This side noticed while it read; the reason is at the other end, and is one of these:'],
        ...REASONS,
      ],
      mend: [
        words`Read the log of the other program at this moment, or run it in a terminal, and explain what it prints.`,
      ],
    }),
  },
  {
    name: 'the connection was cut',
    error: new RegExp(
      `^(?:EOFError|ConnectionResetError|BrokenPipeError|ConnectionAbortedError|OSError|error): ${CUT}`,
    ),
    frames: throughIfShown('core/stream.py'),
    explain: ({ sides, raised }) => ({
      headline: [`The connection to ${sides.other(raised.level).replace(/^the program at /, '')} was cut.`],
      what: [['The system says so, not rpyc. It is one of these:'], ...REASONS],
      mend: [
        words`Read the log of the other program at this moment.`,
        words`If it happens at once and each time: connect with ${'rpyc.ssl_connect'} where the server uses TLS, and check the port.`,
        words`If it happens after a while without use, something between them closes quiet connections: connect with ${'keepalive=True'}.`,
      ],
    }),
  },
  {
    name: 'a pipe of Windows ended',
    error: /^error: \((2|5|109|231|232|233), '(\w+)', .{0,300}\)?$/,
    frames: ({ type, frames }) =>
      type === 'pywintypes.error' || throughRpyc({ type, frames, message: '', level: 0 }),
    explain: ({ match }) => windowsPipe(match[1] ?? ''),
  },
];

function windowsPipe(code: string): ReturnType<Rule['explain']> {
  const reasons: Readonly<Record<string, string>> = {
    '2': 'There is no named pipe of that name: the server does not run, or has another name.',
    '5': 'Windows does not let this user open the named pipe.',
    '231': 'All ends of the named pipe are taken: the server serves another client.',
  };
  const reason = reasons[code];
  return {
    headline: [reason ?? 'The program at the other end of the named pipe closed it or is gone.'],
    what: [words`Windows gave the error ${code}.`],
    mend:
      reason === undefined
        ? [words`Read what the other program printed last, start it again and connect anew.`]
        : [
            words`Check the name in ${'NamedPipeStream.create_client'} against that of the server, who runs it, and that it waits for a client.`,
          ],
  };
}
