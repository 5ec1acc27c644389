/**
 * Finds the value of one setting after another in flags, environment and configuration file, and collects what
 * is wrong with them.
 */
import { closestMatch } from 'leven';
import type { Reader } from './setting-values.ts';

/** Names as in the configuration file; a dot leads into a mapping. */
export const SETTING_KEYS = [
  'vms',
  'images',
  'diskRoots',
  'registryAuth',
  'state',
  'runtime',
  'socket',
  'socketGroup',
  'readonlySocket',
  'readonlySocketGroup',
  'accel',
  'launcher',
  'qemuUser',
  'qemuUids',
  'qemu',
  'logLevel',
  'strategyTable',
  'backoff.baseSeconds',
  'backoff.capSeconds',
  'backoff.unstableFailedSeconds',
  'backoff.unstableSucceededSeconds',
  'consoleLogBytes',
  'qemuLogBytes',
] as const;

export type SettingKey = (typeof SETTING_KEYS)[number];

/** A value and where it stands: `/etc/solovirt/solovirt.yaml:3:7`, `SOLOVIRT_ACCEL` or `--accel`. */
export interface GivenValue {
  readonly raw: unknown;
  readonly origin: string;
}

export interface ConfigProblem {
  /** Where the value comes from: `FILE:LINE:COLUMN`, a variable, a flag, or `default`. */
  readonly origin: string;
  /** The setting's name as in the configuration file; empty for the file as a whole. */
  readonly setting: string;
  /** What was found and what would be right. */
  readonly message: string;
}

/** `SOLOVIRT_ACCEL: accel must be one of …` */
export function formatConfigProblem(problem: ConfigProblem): string {
  const setting = problem.setting === '' ? '' : `${problem.setting} `;
  return `${problem.origin}: ${setting}${problem.message}`;
}

/** Where settings are looked for, and what was found wrong so far. Lives for one `mergeConfig`. */
export interface Settings {
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: ReadonlyMap<string, GivenValue>;
  readonly problems: ConfigProblem[];
}

/** The given value, or the default when none is given or it is no good (which is a problem then). */
export function choose<T>(settings: Settings, key: SettingKey, read: Reader<T>, fallback: T): T {
  const given = givenValue(settings, key);
  if (given === undefined) return fallback;
  const reading = read(given.raw);
  if (reading.ok) return reading.value;
  complain(settings, key, reading.message);
  return fallback;
}

/** Notes a problem with the value in force. */
export function complain(settings: Settings, key: SettingKey, message: string): void {
  const origin = givenValue(settings, key)?.origin ?? 'default';
  settings.problems.push({ origin, setting: key, message });
}

function givenValue(settings: Settings, key: SettingKey): GivenValue | undefined {
  const flag = settings.flags[flagKey(key)];
  if (flag !== undefined) return { raw: flag, origin: flagName(key) };
  const variable = settings.env[variableName(key)];
  // An empty variable counts as unset, as usual in shells and systemd's EnvironmentFile.
  if (variable) return { raw: variable, origin: variableName(key) };
  return settings.file.get(key);
}

/** `SOLOVIRT_LOG_LEVEL`, `SOLOVIRT_BACKOFF_BASE_SECONDS` */
export function variableName(key: SettingKey): string {
  return `SOLOVIRT_${words(key).join('_').toUpperCase()}`;
}

/** `--log-level` */
export function flagName(key: SettingKey): string {
  return `--${words(key).join('-').toLowerCase()}`;
}

/** commander's name of the option: `logLevel` */
function flagKey(key: SettingKey): string {
  return key.replace(/\.(\w)/, (_, letter: string) => letter.toUpperCase());
}

function words(key: SettingKey): string[] {
  return key.split(/\.|(?=[A-Z])/);
}

/** Other programs may have SOLOVIRT_ variables of their own; one that is nearly ours is a slip. */
export function misspeltVariables(env: Settings['env']): ConfigProblem[] {
  const known = ['SOLOVIRT_CONFIG', ...SETTING_KEYS.map(variableName)];
  return Object.keys(env)
    .filter((name) => name.startsWith('SOLOVIRT_') && !known.includes(name))
    .flatMap((name) => {
      const match = closestMatch(name, known, { maxDistance: 2 });
      if (match === undefined) return [];
      const message = `is not a variable of solovirt; did you mean ${match}?`;
      return [{ origin: name, setting: '', message }];
    });
}
