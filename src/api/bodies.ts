/** Guards for request bodies: KubeVirt's option objects of the subresources. Untrusted until it passed here. */
import { parseDuration } from '../core/manifest/duration.ts';
import { ApiError } from './reply.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface StartBody {
  readonly paused: boolean;
  readonly dryRun: boolean;
}

export interface GraceBody {
  readonly gracePeriodSeconds?: number;
  readonly dryRun: boolean;
}

export interface FreezeBody {
  readonly unfreezeTimeoutMs: number;
  readonly dryRun: boolean;
}

/** KubeVirt `StartOptions`. @throws ApiError 400 */
export function startBody(body: unknown): StartBody {
  const fields = objectOf(body, ['paused', 'dryRun']);
  const paused = fields['paused'] ?? false;
  if (typeof paused !== 'boolean') throw bad(`paused must be true or false, not ${show(paused)}`);
  return { paused, dryRun: dryRunOf(fields) };
}

/** KubeVirt `StopOptions`; the field is called `gracePeriod` there. @throws ApiError 400 */
export function stopBody(body: unknown): GraceBody {
  return graceBody(body, 'gracePeriod');
}

/** KubeVirt `RestartOptions`. KubeVirt takes 0 only; any number of seconds works here. @throws ApiError 400 */
export function restartBody(body: unknown): GraceBody {
  return graceBody(body, 'gracePeriodSeconds');
}

/** `PauseOptions` and the like. @throws ApiError 400 */
export function dryRunBody(body: unknown): { readonly dryRun: boolean } {
  return { dryRun: dryRunOf(objectOf(body, ['dryRun'])) };
}

/** KubeVirt `FreezeUnfreezeTimeout`. @throws ApiError 400 */
export function freezeBody(body: unknown): FreezeBody {
  const fields = objectOf(body, ['unfreezeTimeout', 'dryRun']);
  const timeout = fields['unfreezeTimeout'];
  const ms = typeof timeout === 'string' ? parseDuration(timeout) : undefined;
  if (ms === undefined)
    throw bad(
      `unfreezeTimeout must be a duration like "5m" or "1m30s", or "0s" for none, not ${show(timeout)}`,
    );
  return { unfreezeTimeoutMs: ms, dryRun: dryRunOf(fields) };
}

function graceBody(body: unknown, field: 'gracePeriod' | 'gracePeriodSeconds'): GraceBody {
  const fields = objectOf(body, [field, 'dryRun']);
  const seconds = fields[field];
  const dryRun = dryRunOf(fields);
  if (seconds === undefined || seconds === null) return { dryRun };
  if (typeof seconds !== 'number' || !Number.isSafeInteger(seconds) || seconds < 0)
    throw bad(`${field} must be a whole number of seconds from 0, not ${show(seconds)}`);
  return { gracePeriodSeconds: seconds, dryRun };
}

function objectOf(body: unknown, known: readonly string[]): Fields {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw bad(
      body === undefined
        ? 'the body must be JSON, of the media type application/json'
        : `the body must be a JSON object, not ${show(body)}`,
    );
  // Kubernetes clients may send the type along.
  const allowed = new Set([...known, 'kind', 'apiVersion']);
  const unknown = Object.keys(body).find((key) => !allowed.has(key));
  if (unknown !== undefined)
    throw bad(`unknown field "${unknown}"; known here: ${known.join(', ')}`);
  return body as Fields;
}

function dryRunOf(fields: Fields): boolean {
  const value = fields['dryRun'];
  if (value === undefined || value === null) return false;
  if (!Array.isArray(value) || value.some((v) => v !== 'All'))
    throw bad(`dryRun must be ["All"] or absent, not ${show(value)}`);
  return value.length > 0;
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
}

function bad(message: string): ApiError {
  return new ApiError(message, { code: 400 });
}
