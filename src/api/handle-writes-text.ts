/**
 * The YAML text of a VM's document, as it stands in its file: solovirt's own path, for editors. Compare-and-swap by ETag
 * and If-Match (RFC 9110).
 */
import { documentBody } from '../core/manifest/edit-stream.ts';
import { parseManifests } from '../core/manifest/parse.ts';
import type { Problem } from '../core/model/problem.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { asWarning, invalid } from './admission.ts';
import { manifestTag } from './contract-manifest.ts';
import { identityOf } from './handle-reads.ts';
import { shownAs } from './handle-writes.ts';
import { ApiError, type ApiRequest, type Reply } from './reply.ts';
import { writeOptions } from './write-options.ts';

export function getManifest(supervisor: Supervisor, request: ApiRequest): Reply {
  const body = supervisor.requests.manifest(identityOf(request));
  return {
    kind: 'bytes',
    code: 200,
    contentType: 'text/yaml; charset=utf-8',
    body,
    headers: { etag: manifestTag(body) },
  };
}

/** The document must be valid, and declare the same VM. */
export async function putManifest(supervisor: Supervisor, request: ApiRequest): Promise<Reply> {
  const { contentType, text, ifMatch } = request;
  const id = identityOf(request);
  if (!/yaml/.test(contentType))
    throw new ApiError('send the text of the document as text/yaml', { code: 415 });
  const { dryRun } = writeOptions(request);
  const warnings = checked(text, id);
  const written = await supervisor.requests.replaceManifest(
    id,
    (body) => {
      if (ifMatch === undefined || ifMatch === '*' || ifMatch === manifestTag(body)) return text;
      throw new ApiError('the text has been changed since it was read; read it again', {
        code: 412,
      });
    },
    dryRun,
  );
  const object = shownAs(request, written.snapshot);
  return { kind: 'json', code: 200, body: object, warnings: warnings.map(asWarning) };
}

/** @returns warnings @throws ApiError 422 */
function checked(text: string, id: VmIdentity): readonly Problem[] {
  const { documents, problems } = parseManifests(text);
  const [document, second] = documents;
  const all = [...problems, ...documents.flatMap((other) => other.problems)];
  const errors = all.filter(({ severity }) => severity === 'error').map(placed);
  if (errors.length > 0) throw invalid(id, errors);
  const { identity, index = 0 } = document ?? {};
  if (second !== undefined || identity === undefined || documentBody(text, index) === undefined)
    throw invalid(id, [fault('', 'the text must be one YAML document that declares a VM')]);
  if (identity.name !== id.name) throw invalid(id, [fault('metadata.name', 'field is immutable')]);
  if (identity.namespace !== id.namespace)
    throw invalid(id, [fault('metadata.namespace', 'field is immutable')]);
  return all;
}

function placed(problem: Problem): Problem {
  const { line, column, message } = problem;
  return { ...problem, message: `line ${line}, column ${column}: ${message}` };
}

function fault(path: string, message: string): Problem {
  return { code: 'invalid-value', severity: 'error', path, line: 1, column: 1, message };
}
