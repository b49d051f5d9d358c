/*
 * `classpartial` of rpyc/utils/helpers.py: a service class whose objects are made with arguments.
 */

import type { Service, ServiceClass } from '../core/service';

type ServiceClassWith<A extends readonly unknown[]> = new (...args: A) => Service;

/**
 * Binds the arguments of a service's constructor, for servers that make a service object for each client.
 * Upstream: `rpyc.utils.helpers.classpartial`.
 *
 * @returns a class of the same name and aliases
 */
export function classpartial<A extends readonly unknown[]>(
  service: ServiceClassWith<A>,
  ...args: A
): ServiceClass {
  const base: ServiceClassWith<readonly unknown[]> = service as unknown as ServiceClassWith<
    readonly unknown[]
  >;
  const partial = class extends base {
    constructor() {
      super(...args);
    }
  };
  Object.defineProperty(partial, 'name', { value: service.name });
  return partial;
}
