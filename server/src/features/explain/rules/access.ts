/** Names that a side keeps to itself, and the wrong kind of connection for a service. */
import type { CodeExample } from '../../../api/explanation';
import { type Finding, type Rule, through, throughIfShown, throughRpyc } from '../rule';
import { capital } from '../sides';
import { words } from '../words';

/** Names that a classic client asks the root for. */
const CLASSIC_NAMES = 'getmodule|execute|eval|namespace|getconn|modules|builtin';

/** How to give one side an option, for the side that it is, or for both where that is not known. */
export function configExamples(
  finding: Pick<Finding, 'sides'>,
  level: number,
  option: string,
): readonly CodeExample[] {
  const role = finding.sides.role(level);
  const examples = [
    {
      role: 'server',
      title: 'In the server',
      text: `ThreadedServer(MyService, port=18861, protocol_config={${option}})`,
    },
    {
      role: 'client',
      title: 'In the client',
      text: `rpyc.connect("host", 18861, config={${option}})`,
    },
  ];
  return examples
    .filter((example) => role === undefined || example.role === role)
    .map(({ role: of, title, text }) => ({
      title: role === undefined ? `If ${finding.sides.name(level)} is the ${of}` : title,
      text,
    }));
}

function refusedWrite(option: string, verb: string): Rule['explain'] {
  return (finding) => ({
    headline: [
      ...words`The attribute ${finding.match[1] ?? ''} may be read at most: `,
      `its owner lets nobody ${verb} attributes.`,
    ],
    what: [
      [`${capital(finding.sides.name(finding.raised.level))} owns the object and refused.`],
      words`The option ${option} is off unless it is switched on by the side that owns the object.`,
    ],
    mend: [
      [
        `Better: give the object an exposed method that ${verb}s what may be ${verb === 'set' ? verb : 'deleted'}.`,
      ],
      words`Or switch it on there: it then holds for every object that this side hands out.`,
    ],
    code: configExamples(finding, finding.raised.level, `"${option}": True`),
  });
}

function refusedRead(finding: Finding): ReturnType<Rule['explain']> {
  const name = finding.match[1] ?? '';
  const owner = finding.sides.name(finding.raised.level);
  const isPrivate = name.startsWith('_');
  return {
    headline: [`${capital(owner)} does not let others reach `, ...words`${name}.`],
    what: [
      isPrivate
        ? words`It begins with an underscore: such names are private, and ${'allow_public_attrs'} does not open them.`
        : words`What may be reached begins with ${'exposed_'} where it is defined, and ${name} is no such name there, or it does not exist at all.`,
      ['The rules of the side that owns the object count, not those of the side that asks.'],
    ],
    mend: isPrivate
      ? [words`Offer a method with a name of its own that does what is needed, and call that.`]
      : [
          [
            'Expose the name where it is defined: ',
            ...words`${`def exposed_${name}(self, …)`}, or ${'@rpyc.exposed'} above it (rpyc 5.2 or newer). It is still called ${name} by those who use it.`,
          ],
          words`Or open all names without an underscore by ${'allow_public_attrs'}; that holds for every object that this side hands out.`,
          words`If you expected it to be exposed, look for a typing error in the name.`,
        ],
    code: isPrivate ? [] : configExamples(finding, finding.raised.level, '"allow_public_attrs": True'),
  };
}

const CLASSIC_CLIENT: CodeExample = {
  title: 'In the client',
  text: 'import rpyc\nconn = rpyc.classic.connect("host", 18812)',
};

export const ACCESS_RULES: readonly Rule[] = [
  {
    name: 'the server wants a classic client',
    error: new RegExp(
      `^AttributeError: '(?:VoidService|Service)' object has no attribute '(?:exposed_)?(?:${CLASSIC_NAMES})'$`,
    ),
    explain: () => ({
      headline: words`The server is a classic one of an old kind, and the client connected as if it were a service.`,
      what: [
        words`Such a server asks the client for its modules as soon as it is there, and a plain client has none to give.`,
      ],
      mend: [words`Connect with ${'rpyc.classic.connect'} instead of ${'rpyc.connect'}.`],
      code: [CLASSIC_CLIENT],
    }),
  },
  {
    name: 'a classic client at a service',
    error: new RegExp(`^AttributeError: cannot access '((?:exposed_)?(?:${CLASSIC_NAMES}))'$`),
    explain: ({ match, sides, raised }) => ({
      headline: [
        `${capital(sides.other(raised.level))} took ${sides.name(raised.level)} for a classic one, which it is not.`,
      ],
      what: [
        words`${match[1] ?? ''} is what classic mode asks for first; here there is a service that offers its own names only.`,
      ],
      mend: [
        words`Connect to a service with ${'rpyc.connect'} and use ${'conn.root'}.`,
        words`Where classic mode is meant, run ${'rpyc_classic'} or serve ${'rpyc.SlaveService'}; whoever reaches its port can then run anything there.`,
        words`Where it is the server that asked, connect with ${'rpyc.classic.connect'}.`,
      ],
      code: [{ title: 'In the client', text: 'conn = rpyc.connect("host", 18861)\nconn.root.some_method()' }],
    }),
  },
  {
    name: 'a service client in classic mode',
    error: new RegExp(
      `^AttributeError: 'Connection' object has no attribute '(${CLASSIC_NAMES}|builtins|teleport)'$`,
    ),
    explain: ({ match }) => ({
      headline: words`A connection made by ${'rpyc.connect'} has no ${match[1] ?? ''}: that belongs to classic mode.`,
      what: [words`Nothing was asked of the other side.`],
      mend: [
        words`If the server is a classic one, connect with ${'rpyc.classic.connect'}; at a service use ${'conn.root'}.`,
      ],
      code: [CLASSIC_CLIENT],
    }),
  },
  {
    name: 'an attribute may not be set',
    error: /^AttributeError: cannot access '([^']{1,300})'$/,
    frames: through('core/protocol.py', /^_handle_setattr$/),
    explain: refusedWrite('allow_setattr', 'set'),
  },
  {
    name: 'an attribute may not be deleted',
    error: /^AttributeError: cannot access '([^']{1,300})'$/,
    frames: through('core/protocol.py', /^_handle_delattr$/),
    explain: refusedWrite('allow_delattr', 'delete'),
  },
  {
    name: 'an attribute may not be read',
    error: /^AttributeError: cannot access '([^']{1,300})'$/,
    frames: throughIfShown('core/protocol.py'),
    explain: refusedRead,
  },
  {
    name: 'a remote array',
    error: /^\w+: pickling is disabled$/,
    frames: through('core/netref.py', /^__array__$/),
    explain: (finding) => ({
      headline: words`A remote object was to become a numpy array, and that needs pickle, which is switched off.`,
      what: [
        words`numpy asks a remote object for ${'__array__'}, and rpyc copies it by pickle: both sides have to allow that.`,
      ],
      mend: [
        words`Copy it as plain values where it lives, for instance ${'tuple(x.tolist())'} or ${'x.tobytes()'}, and build the array from those.`,
        words`Allow pickle only if you trust the other side with everything: what it sends can run any code here.`,
      ],
      code: configExamples(finding, 0, '"allow_pickle": True'),
    }),
  },
  {
    name: 'pickle is switched off',
    error: /^\w+: pickling is disabled$/,
    explain: (finding) => ({
      headline: [
        `An object was to be copied by pickle, and ${finding.sides.name(finding.raised.level)} does not allow that.`,
      ],
      what: [
        words`${'obtain'}, ${'deliver'} and ${'pickle'} of a remote object need ${'allow_pickle'} on the side that owns it; classic mode has it, services do not.`,
      ],
      mend: [
        words`Return plain values: numbers, text, bytes and tuples of them always travel as copies.`,
        words`Larger data goes well as ${'json.dumps(…)'}, made where the object lives.`,
        words`Allow pickle only where both sides trust each other with everything: what is unpickled can run any code.`,
      ],
      code: configExamples(finding, finding.raised.level, '"allow_pickle": True'),
    }),
  },
  {
    name: 'an object that cannot be pickled',
    error: /^(?:TypeError|PicklingError|AttributeError): ([Cc]an(?:not|'t) pickle .{1,300})$/,
    frames: throughRpyc,
    explain: ({ match, sides, raised }) => ({
      headline: [
        `${capital(sides.name(raised.level))} cannot make a copy of this object: `,
        ...words`${match[1] ?? ''}.`,
      ],
      what: [
        words`Locks, files, sockets, generators and many objects of extensions in C exist in one process only.`,
      ],
      mend: [
        words`Use it where it is, through the connection, or copy only the plain values that you need from it.`,
      ],
    }),
  },
];
