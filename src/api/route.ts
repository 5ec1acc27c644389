/** One path of the socket and who answers it. */
import type { ApiRequest, Reply } from './reply.ts';

export type Handler = (request: ApiRequest) => Reply | Promise<Reply>;

export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** `:name` stands for one part of the path. */
  readonly path: string;
  readonly handle: Handler;
  /** It only says why there is nothing of the kind: it is in no list of what can be asked for. */
  readonly refusal?: true;
  /**
   * Answered on the read-only socket too, with secrets taken out (`readonly.ts`). Only for what changes nothing, reaches
   * into no guest, and shows nothing that a guest said.
   */
  readonly readonly?: true;
  /** The body is handed on as it comes, however long it is. */
  readonly streams?: true;
}

/** A GET for the read-only socket as well. */
export function look(path: string, handle: Handler): Route {
  return { method: 'GET', path, handle, readonly: true };
}
