/**
 * Gets the daemon's settings together: reads the configuration file and lets `core/config` choose.
 */
import { readFileSync } from 'node:fs';
import {
  type ConfigInput,
  configFilePath,
  type DaemonConfig,
  mergeConfig,
} from '../core/config/daemon-config.ts';
import { type ConfigProblem, formatConfigProblem } from '../core/config/settings.ts';
import { errorCode, errorMessage } from '../core/thrown.ts';

/** The settings cannot be used; the daemon does not start. The message lists every problem, one per line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(formatConfigProblem).join('\n'), options);
    this.problems = problems;
  }
}

/**
 * @param readFile gives a file's text, and undefined when there is none
 * @throws ConfigError
 */
export function resolveConfig(
  input: ConfigInput,
  readFile: (path: string) => string | undefined = readConfigFile,
): DaemonConfig {
  const { path, required } = configFilePath(input);
  const text = readText(path, readFile);
  if (text === undefined && required) {
    throw new ConfigError([{ origin: path, setting: '', message: 'the file does not exist' }]);
  }
  const result = mergeConfig(input, text === undefined ? undefined : { path, text });
  if (!result.ok) throw new ConfigError(result.problems);
  return result.config;
}

/** The text of a file, or undefined when it does not exist; other failures throw. */
export function readConfigFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function readText(
  path: string,
  readFile: (path: string) => string | undefined,
): string | undefined {
  try {
    return readFile(path);
  } catch (error) {
    const message = `the file cannot be read: ${errorMessage(error)}`;
    throw new ConfigError([{ origin: path, setting: '', message }], { cause: error });
  }
}
