/** PUT of a disk: the body is the image, as long as it likes, and the claim of that name has it afterwards. */
import type { Supervisor } from '../supervisor/supervisor.ts';
import { ApiError, type ApiRequest, json, type Reply } from './reply.ts';
import type { Route } from './route.ts';

export const UPLOAD_PATH = '/apis/solovirt.io/v1/namespaces/:namespace/uploads/:name';

export function uploadRoute(supervisor: Supervisor): Route {
  return {
    method: 'PUT',
    path: UPLOAD_PATH,
    streams: true,
    handle: (request) => putUpload(supervisor, request),
  };
}

async function putUpload(
  { uploads }: Supervisor,
  { params, query, content }: ApiRequest,
): Promise<Reply> {
  const { namespace = '', name = '' } = params;
  const id = { namespace, name };
  const sizeBytes = sizeOf(query.get('size'));
  if (query.get('dryRun') === 'All') {
    uploads.check(id);
    return json({ kind: 'Upload', apiVersion: 'solovirt.io/v1' });
  }
  if (content === undefined) throw new ApiError('the body is the image of a disk', { code: 400 });
  const path = await uploads.take(id, { content, sizeBytes });
  return json({ kind: 'Upload', apiVersion: 'solovirt.io/v1', path }, 201);
}

const SECTOR_BYTES = 512;

/** Rounded up to whole sectors. @throws ApiError */
function sizeOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  const bytes = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (bytes === 0)
    throw new ApiError(`size is a number of bytes, from 1, not ${JSON.stringify(text)}`, {
      code: 400,
    });
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}
