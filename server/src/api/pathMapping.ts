/** Where the files of a peer are here. */
import { type Fault, isFields, isLine, wrong } from './fields';
import type { PathMapping } from './model';

/** Where a file of the peer may be here, in the order of the mappings. Nothing is looked up. */
export function mappedPaths(file: string, mappings: readonly PathMapping[]): readonly string[] {
  return mappings.flatMap(({ localRoot, remoteRoot }) => {
    const rest = restBelow(remoteRoot, file);
    // A peer cannot name anything outside of the folder.
    if (rest === undefined || rest.some((name) => name === '..' || name === '')) {
      return [];
    }
    const separator = /^[^/]*\\/.test(localRoot) ? '\\' : '/';
    return [[localRoot.replace(/[\\/]+$/, ''), ...rest].join(separator)];
  });
}

/** The names that lead from a folder to a file; undefined where it is not in there. */
function restBelow(root: string, file: string): readonly string[] | undefined {
  const isWindows = /^[A-Za-z]:|^\\\\/.test(file);
  const names = (isWindows ? file.replaceAll('\\', '/') : file).replace(/^\.\//, '').split('/');
  if (root === '.' || root === './') {
    return names[0] === '' || isWindows ? undefined : names;
  }
  const folders = (isWindows ? root.replaceAll('\\', '/') : root).replace(/\/+$/, '').split('/');
  const isBelow = folders.every((folder, index) =>
    isWindows ? folder.toLowerCase() === names[index]?.toLowerCase() : folder === names[index],
  );
  return isBelow && names.length > folders.length ? names.slice(folders.length) : undefined;
}

const MOST = 100;

/** Checks mappings, wherever they were stored. */
export function checkPathMappings(
  value: unknown,
): { readonly mappings: readonly PathMapping[] } | { readonly fault: Fault } {
  const rule = 'must be a list of objects with “localRoot” and “remoteRoot”, each a folder';
  if (!Array.isArray(value) || value.length > MOST) {
    return wrong('pathMappings', rule);
  }
  const mappings: PathMapping[] = [];
  for (const one of value as unknown[]) {
    const { localRoot, remoteRoot, ...rest } = isFields(one) ? one : {};
    const isFolder = (folder: unknown): folder is string => isLine(folder) && folder.trim() !== '';
    if (!isFolder(localRoot) || !isFolder(remoteRoot) || Object.keys(rest).length > 0) {
      return wrong('pathMappings', rule);
    }
    mappings.push({ localRoot, remoteRoot });
  }
  return { mappings };
}
