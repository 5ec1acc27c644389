/**
 * The two ways in which a value gets into a QEMU option without being read as syntax: JSON where QEMU takes
 * it (-device, -blockdev, -netdev, -object), doubled commas in `key=value` lists (QEMU `util/keyval.c`,
 * `util/qemu-option.c`). No other file puts a user's value into an option.
 */
import type { JsonObject } from '../model/json.ts';

/** An option whose argument is one JSON object. */
export function jsonOption(
  option: '-device' | '-blockdev' | '-netdev' | '-object',
  value: JsonObject,
): readonly string[] {
  return [option, JSON.stringify(value)];
}

/** A value inside a comma-separated option. Everything but a comma is literal there. */
export function listValue(value: string): string {
  return value.replaceAll(',', ',,');
}
