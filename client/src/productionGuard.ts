import type { Connections } from './connections';
import { profileContent } from './profileContent';

/** What is about to happen on a connection. */
export type ProductionAction = 'run' | 'call' | 'change' | 'delete';

/** Whatever is done on a connection that is marked as production is confirmed, each time unless the user says otherwise. */
export class ProductionGuard {
  /** What need not be asked about again as long as this window is open. */
  private readonly agreed = new Set<string>();

  constructor(private readonly connections: Connections) {}

  isProduction(profileId: string): boolean {
    return this.connections.entry(profileId)?.profile.production === true;
  }

  /**
   * Asks where the connection is marked as production.
   *
   * @param what the code or the change, in a few words
   * @returns whether it may be done
   */
  async agrees(profileId: string, action: ProductionAction, what: string): Promise<boolean> {
    const profile = this.connections.entry(profileId)?.profile;
    if (profile?.production !== true || this.agreed.has(profileContent(profile))) {
      return true;
    }
    const { askOnProduction } = await import(/* webpackChunkName: "dialogues" */ './productionQuestion.js');
    const answer = await askOnProduction(profile.label, action, what);
    if (answer === 'always') {
      this.agreed.add(profileContent(profile));
    }
    return answer !== undefined;
  }
  /**
   * Asks once for all of several connections that are marked as production.
   *
   * @returns those on which it may be run; undefined where the user wants nothing to be run
   */
  async agreesForAll(profileIds: readonly string[], what: string): Promise<readonly string[] | undefined> {
    const asked = profileIds.flatMap((id) => {
      const profile = this.connections.entry(id)?.profile;
      return profile?.production === true && !this.agreed.has(profileContent(profile)) ? [profile] : [];
    });
    const [first, second] = asked;
    if (first === undefined) {
      return profileIds;
    }
    const isAlone = second === undefined && profileIds.length === 1;
    if (isAlone) {
      return (await this.agrees(first.id, 'run', what)) ? profileIds : undefined;
    }
    const { askOnProductions } = await import(/* webpackChunkName: "dialogues" */ './productionQuestion.js');
    const answer = await askOnProductions(
      asked.map(({ label }) => label),
      what,
    );
    if (answer === 'always') {
      asked.forEach((profile) => this.agreed.add(profileContent(profile)));
    }
    const left = answer === 'without' ? asked.map(({ id }) => id) : [];
    return answer === undefined ? undefined : profileIds.filter((id) => !left.includes(id));
  }
}
