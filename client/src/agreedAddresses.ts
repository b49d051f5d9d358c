import type * as vscode from 'vscode';
import type { Problem, Profile } from '../../server/src/api/model';
import { profileContent } from './profileContent';

const MEMORY_KEY = 'agreedAddresses';
const LIMIT = 200;

/**
 * Where the user has agreed that a service by name may be: the last address of each such connection. A registry's
 * answer is a hint by strangers, so another address is asked about before it is connected to.
 */
export class AgreedAddresses {
  constructor(private readonly memory: vscode.Memento) {}

  of(profile: Profile): string | undefined {
    const isByName = profile.transport.kind === 'registry';
    const content = isByName ? profileContent(profile) : '';
    return isByName ? this.all().find(([of]) => of === content)?.[1] : undefined;
  }

  /** @returns the address, once the user has agreed to connect to it */
  async ask(profile: Profile, { found }: Problem): Promise<string | undefined> {
    if (found === undefined) {
      return undefined;
    }
    const { agreesToAddress } = await import(/* webpackChunkName: "foundAddress" */ './foundAddress.js');
    if (!(await agreesToAddress(profile, found))) {
      return undefined;
    }
    const content = profileContent(profile);
    const others = this.all().filter(([of]) => of !== content);
    const now: readonly [string, string] = [content, found.address];
    await this.memory.update(MEMORY_KEY, [...others, now].slice(-LIMIT));
    return found.address;
  }

  private all(): readonly (readonly [content: string, address: string])[] {
    return this.memory.get<readonly (readonly [string, string])[]>(MEMORY_KEY) ?? [];
  }
}
