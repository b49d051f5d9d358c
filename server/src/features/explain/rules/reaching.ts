/** A server that is not found, or cannot be reached, or cannot begin. */
import { type Rule, throughIfShown, throughRpyc } from '../rule';
import { words } from '../words';

/** A program may use other sockets as well: what has no line of RPyC in it is not ours to explain. */
function ours(raised: Parameters<typeof throughRpyc>[0]): boolean {
  return raised.frames.length === 0 || throughRpyc(raised);
}

export const REACHING_RULES: readonly Rule[] = [
  {
    name: 'nothing listens there',
    error: /^(?:ConnectionRefusedError|OSError|error): \[(?:Errno|WinError) (?:111|61|10061)\]/,
    frames: ours,
    explain: () => ({
      headline: words`Nothing listens at that address.`,
      what: [words`The machine answered, and no program has that port open there, or not on that address.`],
      mend: [
        words`Start the server, and compare host and port with what it prints when it begins.`,
        words`${'rpyc_classic'} of rpyc 4 and newer listens on its own machine only: start it with ${'--host'} and an address, or go through SSH, which is safer.`,
      ],
    }),
  },
  {
    name: 'no way to the machine',
    error:
      /^(?:TimeoutError|timeout|OSError|error): (?:timed out|\[(?:Errno|WinError) (?:110|113|101|60|65|10060|10065)\])/,
    frames: ours,
    explain: () => ({
      headline: words`The machine did not answer.`,
      what: [
        words`There is no way to that address, a firewall drops what is sent there, or the machine is off.`,
      ],
      mend: [
        words`Check the address, the network and the firewalls; ${'ssh'} or ${'ping'} to the same host tells whether it is there at all.`,
      ],
    }),
  },
  {
    name: 'a host that is not known',
    error: /^gaierror: \[Errno/,
    frames: ours,
    explain: () => ({
      headline: words`The name of the host is not known.`,
      what: [words`Nobody was asked yet: the name could not be turned into an address.`],
      mend: [words`Correct the name, or use the address itself.`],
    }),
  },
  {
    name: 'no service of that name',
    error:
      /^(?:DiscoveryError: (?:no servers exposing )?(.{0,300}?)(?: were found)?|ForbiddenRegistryError: .{0,300})$/,
    explain: ({ match }) => ({
      headline: [
        ...(match[1] === undefined
          ? words`The registry does not give that answer.`
          : words`No registry that was heard knows a service ${match[1]}.`),
      ],
      what: [
        words`The registry does not run, the network does not carry the question to it, or the service is not registered under that name.`,
        words`The name is that of the class in capitals without ${'Service'} at its end, unless the class has ${'ALIASES'}.`,
      ],
      mend: [
        words`Start ${'rpyc_registry'}, and the server with ${'auto_register=True'}.`,
        words`UDP asks the local network only: name the registry's machine, or use TCP on both sides.`,
      ],
      code: [
        {
          title: 'In the client',
          text: 'from rpyc.utils.registry import UDPRegistryClient\nrpyc.connect_by_service("NAME", registrar=UDPRegistryClient(ip="registry-host"))',
        },
      ],
    }),
  },
  {
    name: 'the port is taken',
    error: /^(?:OSError|error): \[(?:Errno|WinError) (?:98|48|10048)\]/,
    frames: throughIfShown('utils/server.py'),
    explain: () => ({
      headline: words`The server cannot begin: another program uses its port.`,
      what: [words`Often it is the same server, started earlier and still there.`],
      mend: [
        words`Stop the other one, or give another ${'port'}.`,
        words`Right after a stop the system may hold the port for a minute: ${'reuse_addr=True'} takes it at once.`,
      ],
    }),
  },
];
