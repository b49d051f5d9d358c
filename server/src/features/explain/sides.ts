import { type Raised, rpycFile, type Story } from './traceback';

export type Role = 'server' | 'client' | undefined;

/**
 * Who is who in a story. Each "Remote Traceback" is one call further away, and a call goes to the other side: with two
 * programs every second one is the same program again.
 */
export class Sides {
  private readonly first: Role;

  constructor(story: Story) {
    this.first = story
      .map((raised) => {
        const role = roleOf(raised);
        return raised.level % 2 === 0 ? role : opposite(role);
      })
      .find((role) => role !== undefined);
  }

  role(level: number): Role {
    return level % 2 === 0 ? this.first : opposite(this.first);
  }

  /** As the subject of a sentence, in small letters. */
  name(level: number): string {
    const role = this.role(level);
    if (role !== undefined) {
      return `the ${role}`;
    }
    return level % 2 === 0 ? 'the program that printed this' : 'the program at the other end';
  }

  /** The side that the given one talks to. */
  other(level: number): string {
    return this.name(level + 1);
  }
}

/** Servers and clients pass through files of their own; what both pass through tells nothing. */
function roleOf({ frames }: Raised): Role {
  for (const frame of frames) {
    const file = rpycFile(frame);
    if (
      file === 'utils/server.py' &&
      /^_(?:authenticate_and_)?serve_client$|^_handle_connection$/.test(frame.name)
    ) {
      return 'server';
    }
    if ((file === 'utils/factory.py' || file === 'utils/classic.py') && /connect/.test(frame.name)) {
      return 'client';
    }
  }
  return undefined;
}

function opposite(role: Role): Role {
  return role === undefined ? undefined : role === 'server' ? 'client' : 'server';
}

/** At the beginning of a sentence. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
