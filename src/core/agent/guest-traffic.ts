/**
 * What a guest says went through its interfaces (QEMU `qga/qapi-schema.json`, GuestNetworkInterfaceStat), from the agent's
 * JSON to plain numbers. Pure. It is the guest's own word, and the only one there is: QEMU counts nothing in user-mode
 * networking.
 */
import type { Json } from '../model/json.ts';
import { asObject } from '../model/json.ts';

/** Since the guest's interface came up. */
export interface InterfaceUse {
  readonly receiveBytes: number;
  readonly receivePackets: number;
  readonly receiveErrors: number;
  readonly receiveDropped: number;
  readonly transmitBytes: number;
  readonly transmitPackets: number;
  readonly transmitErrors: number;
  readonly transmitDropped: number;
}

/** More than any guest of ours has interfaces: a list that is longer is not read to its end. */
const MOST_INTERFACES = 64;

/** @param macs of the instance's interfaces, in lower case; undefined stands for one of which nothing was told */
export function trafficOf(
  answer: Json,
  macs: readonly string[],
): readonly (InterfaceUse | undefined)[] {
  const told = (Array.isArray(answer) ? (answer as readonly Json[]) : [])
    .slice(0, MOST_INTERFACES)
    .map(asObject);
  return macs.map((mac) => {
    // Bridges and bonds of the guest may have the address of their first part, and come after it.
    const found = told.find(
      (one) =>
        String(one['hardware-address']).toLowerCase().replaceAll('-', ':') === mac &&
        one['statistics'] !== undefined,
    );
    return found === undefined ? undefined : useOf(found['statistics']);
  });
}

function useOf(statistics: Json | undefined): InterfaceUse {
  const counts = asObject(statistics);
  const of = (name: string): number => {
    const value = counts[name];
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0;
  };
  return {
    receiveBytes: of('rx-bytes'),
    receivePackets: of('rx-packets'),
    receiveErrors: of('rx-errs'),
    receiveDropped: of('rx-dropped'),
    transmitBytes: of('tx-bytes'),
    transmitPackets: of('tx-packets'),
    transmitErrors: of('tx-errs'),
    transmitDropped: of('tx-dropped'),
  };
}
