/**
 * What a command would write into a VM's file, for `--dry-run`: the daemon's own command table, read by the client.
 */
import type { VmObject } from '../api/contract.ts';
import type { VmVerb } from '../api/contract-options.ts';
import { type Client, getInfo } from '../client/client.ts';
import { STRATEGY_TABLES, type StrategyTable } from '../core/strategy/run-strategy.ts';
import { declaredStrategy } from './format/vm-words.ts';

/** `runStrategy: Halted` or `running: false`; undefined when the file would stay as it is. */
export async function predictStrategy(
  client: Client,
  vm: VmObject,
  verb: VmVerb,
): Promise<string | undefined> {
  const { strategyTable } = await getInfo(client);
  const declared = declaredStrategy(vm);
  const table = entry<StrategyTable>(STRATEGY_TABLES, strategyTable);
  if (table === undefined || declared === undefined) return undefined;
  const after = entry<StrategyTable[keyof StrategyTable]>(table, declared.strategy)?.[verb];
  if (after === undefined || after === '–' || after === declared.strategy) return undefined;
  return declared.field === 'runStrategy'
    ? `runStrategy: ${after}`
    : `running: ${after !== 'Halted'}`;
}

/** A row by a name that came over the wire. */
function entry<T>(rows: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(rows, name) ? rows[name] : undefined;
}
