/** POST of a VM file: what this host would say of it. Changes nothing. */
import { MAX_MANIFEST_BYTES } from '../core/manifest/parse.ts';
import { PREFLIGHT_PATH, type PreflightReport } from './contract-preflight.ts';
import { ApiError, json } from './reply.ts';
import type { Route } from './route.ts';

export function preflightRoute(preflight: (text: string) => Promise<PreflightReport>): Route {
  return {
    method: 'POST',
    path: PREFLIGHT_PATH,
    async handle({ text }) {
      if (text.trim() === '')
        throw new ApiError('the body is the text of a VM file, as application/yaml', { code: 400 });
      if (Buffer.byteLength(text) > MAX_MANIFEST_BYTES)
        throw new ApiError(`a VM file has at most ${MAX_MANIFEST_BYTES} bytes`, { code: 413 });
      return json(await preflight(text));
    },
  };
}
