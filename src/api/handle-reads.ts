/** GET of a VM's runs and its logs. Answers from memory and files, never from a QEMU. */
import { keyOf } from '../core/catalogue/catalogue.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { type LogName, readLog } from '../supervisor/instance-log.ts';
import type { VmSnapshot } from '../supervisor/snapshot.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { RunList, RunView } from './contract-runs.ts';
import { renderRun } from './render-vm.ts';
import { ApiError, type ApiRequest, json, type Reply } from './reply.ts';

const DEFAULT_TAIL_LINES = 1000;
const MAX_TAIL_LINES = 100_000;

export function getRuns(supervisor: Supervisor, request: ApiRequest): Reply {
  const snapshot = findVm(supervisor, request);
  const items: RunView[] = supervisor.runs(snapshot).map(({ entry, evidence }) => {
    const { alive: _, sameBoot: __, launchError: ___, ...shown } = evidence;
    return { ...renderRun(entry), evidence: shown };
  });
  const list: RunList = { kind: 'RunList', apiVersion: 'solovirt.io/v1', items };
  return json(list);
}

export function getLogs(supervisor: Supervisor, request: ApiRequest): Reply {
  const snapshot = findVm(supervisor, request);
  const { query } = request;
  const uid = runOf(snapshot, query.get('run'));
  const log = logNameOf(query.get('stream'));
  const tail = tailOf(query.get('tail'));
  const follow = ['1', 'true'].includes(query.get('follow') ?? '');
  const paths = supervisor.instancePaths(uid);
  return {
    kind: 'stream',
    contentType: 'text/plain; charset=utf-8',
    chunks: (signal) => readLog({ paths, log, tail, follow }, signal),
  };
}

export function identityOf({ params }: ApiRequest): VmIdentity {
  return { namespace: params['namespace'] ?? '', name: params['name'] ?? '' };
}

/** What is shown of the VM that the path names. */
export function lookUp(supervisor: Supervisor, request: ApiRequest): VmSnapshot | undefined {
  const id = identityOf(request);
  const known = supervisor.board.get(keyOf(id));
  if (known !== undefined) return known;
  // A file that declares no VM is listed under its own name, so it can be asked for by it.
  return supervisor.board
    .all()
    .find((s) => s.record === undefined && s.namespace === id.namespace && s.name === id.name);
}

export function findVm(supervisor: Supervisor, request: ApiRequest): VmSnapshot {
  const snapshot = lookUp(supervisor, request);
  if (snapshot !== undefined) return snapshot;
  const { name } = identityOf(request);
  throw new ApiError(`virtualmachines.kubevirt.io "${name}" not found`, { code: 404 });
}

/** The live instance, else the last one; a uid must be one of this VM's own. */
function runOf(snapshot: VmSnapshot, asked: string | null): string {
  const live = snapshot.record?.instance?.uid;
  const uids = [...(live === undefined ? [] : [live]), ...snapshot.history.map((run) => run.uid)];
  const [newest] = uids;
  if (newest === undefined)
    throw new ApiError(`VM ${snapshot.name} has not run yet, so there are no logs`, { code: 404 });
  if (asked === null) return newest;
  const uid = uids.find(
    (known) => known === asked || (asked.length >= 4 && known.startsWith(asked)),
  );
  if (uid === undefined)
    throw new ApiError(`VM ${snapshot.name} has no recent run ${asked}`, {
      code: 404,
    });
  return uid;
}

function logNameOf(value: string | null): LogName {
  if (value === null || value === 'console') return 'console';
  if (value === 'qemu') return 'qemu';
  throw new ApiError(`stream must be console or qemu, not "${value}"`, { code: 400 });
}

function tailOf(value: string | null): number {
  const lines = value === null ? DEFAULT_TAIL_LINES : Number(value);
  if (!Number.isSafeInteger(lines) || lines < 0)
    throw new ApiError(`tail must be a whole number of lines, not "${value}"`, { code: 400 });
  return Math.min(lines, MAX_TAIL_LINES);
}
