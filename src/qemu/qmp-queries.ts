/** What solovirt asks every QEMU: who it is, and what it is doing. */
import type { Json, JsonObject } from '../core/model/json.ts';
import type { QmpClient } from './qmp-client.ts';
import { QmpBusyError } from './qmp-error.ts';

/**
 * The last step of the proof that a QEMU is the recorded instance; without it nothing is commanded. A stranger's
 * monitor is closed again.
 * @throws QmpBusyError: this instance's own monitor is not to be had at present
 */
export async function proveIdentity(client: QmpClient, uid: string): Promise<void> {
  const uuid = field(await client.execute('query-uuid'), 'UUID');
  if (uuid === uid) return;
  await client.close();
  throw new QmpBusyError(`the monitor belongs to another QEMU (uuid ${String(uuid)})`);
}

/** QMP's run state (QAPI `RunState`). */
export async function queryStatus(client: QmpClient): Promise<string | undefined> {
  const status = field(await client.execute('query-status'), 'status');
  return typeof status === 'string' ? status : undefined;
}

function field(answer: Json, name: string): Json | undefined {
  const isObject = typeof answer === 'object' && answer !== null && !Array.isArray(answer);
  return isObject ? (answer as JsonObject)[name] : undefined;
}
