/**
 * `validate --host`: what the host would say of the VMs of a file. The daemon knows its files, its QEMU and its guests;
 * who listens on a port is seen from here.
 */
import { type Client, postPreflight } from '../client/client.ts';
import { createLocator } from '../core/manifest/locate.ts';
import { parseManifests } from '../core/manifest/parse.ts';
import type { Problem } from '../core/model/problem.ts';
import { forwardsOf, portsField, portWords } from '../core/preflight.ts';
import { isTaken, type ListeningPort, listeningPorts } from './listening-ports.ts';

/** Checks one file after the other. @throws ApiError, NoDaemonError */
export function createHostCheck(client: Client): (text: string) => Promise<readonly Problem[]> {
  const listening = listeningPorts();
  return async (text) => {
    const { problems, running } = await postPreflight(client, text);
    const known = new Set(running.map(({ namespace, name }) => `${namespace}/${name}`));
    const taken = takenPorts(text, known, await listening);
    // A port that the daemon has told of is not told again.
    const told = new Set(problems.map(placeOf));
    return [...problems, ...taken.filter((problem) => !told.has(placeOf(problem)))];
  };
}

function placeOf({ code, line, column }: Problem): string {
  return `${code} ${line}:${column}`;
}

function takenPorts(
  text: string,
  running: ReadonlySet<string>,
  listening: readonly ListeningPort[],
): readonly Problem[] {
  const locate = createLocator(text);
  return parseManifests(text).documents.flatMap(({ index, vm }): readonly Problem[] => {
    // Its own ports are open while it runs.
    if (vm === undefined || running.has(`${vm.namespace}/${vm.name}`)) return [];
    return forwardsOf(vm.template.spec)
      .filter((forward) => isTaken(forward, listening))
      .map((forward) => ({
        code: 'port-in-use',
        severity: 'error',
        ...locate(index, portsField(vm)),
        message: `another program listens on ${portWords(forward)}: \`ss -lp\` tells which; choose another port, or end that program`,
      }));
  });
}
