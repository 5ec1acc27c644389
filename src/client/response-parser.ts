/**
 * Reads one HTTP/1.1 response (RFC 9112) from the bytes of a connection, as they come. As much of HTTP as a server
 * on the other end of a Unix socket can make use of: a body with a length, in chunks, or up to the end.
 */

/** What came is not HTTP, or not as HTTP has it. */
export class NotHttpError extends Error {
  override readonly name = 'NotHttpError';
}

/** The connection ended in the middle of the response. */
export class CutOffError extends Error {
  override readonly name = 'CutOffError';
}

/** Head and chunk sizes are short; a peer that sends more without a line end is not HTTP. */
const MAX_HEAD_BYTES = 64 * 1024;

type Awaited =
  | { readonly part: 'head' | 'chunk size' | 'chunk end' | 'trailer' | 'until end' | 'nothing' }
  | { readonly part: 'bytes' | 'chunk'; left: number };

export class ResponseParser {
  #rest: Buffer = Buffer.alloc(0);
  #awaited: Awaited = { part: 'head' };
  #code: number | undefined;

  /** The status code, once the head is there. */
  get code(): number | undefined {
    return this.#code;
  }

  /** All of the response has come. */
  get complete(): boolean {
    return this.#awaited.part === 'nothing';
  }

  /** Takes what came and gives the pieces of the body in it. @throws NotHttpError */
  push(bytes: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const pieces: Buffer[] = [];
    while (this.#step(pieces));
    return pieces;
  }

  /** The connection has ended. @throws CutOffError when that was too soon */
  end(): void {
    if (this.#awaited.part === 'until end') this.#awaited = { part: 'nothing' };
    if (!this.complete) throw new CutOffError(`the answer ended before its ${this.#awaited.part}`);
  }

  /** One step on; false when that takes more bytes, or nothing more is to come. */
  #step(pieces: Buffer[]): boolean {
    const awaited = this.#awaited;
    switch (awaited.part) {
      case 'head':
        return this.#head();
      case 'chunk size':
        return this.#line((text) => this.#chunkSize(text));
      case 'chunk end':
        return this.#line((text) => {
          if (text !== '') throw new NotHttpError('a chunk is longer than it said');
          this.#awaited = { part: 'chunk size' };
        });
      case 'trailer':
        return this.#line((text) => {
          if (text === '') this.#awaited = { part: 'nothing' };
        });
      case 'bytes':
      case 'chunk': {
        const piece = this.#take(awaited.left);
        if (piece.length > 0) pieces.push(piece);
        awaited.left -= piece.length;
        if (awaited.left > 0) return false;
        this.#awaited = { part: awaited.part === 'chunk' ? 'chunk end' : 'nothing' };
        return true;
      }
      case 'until end':
        if (this.#rest.length > 0) pieces.push(this.#take(this.#rest.length));
        return false;
      case 'nothing':
        return false;
    }
  }

  #head(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end === -1) {
      this.#refuseEndless();
      // Recognised at once, for such a peer may never say more.
      const start = this.#rest.toString('latin1', 0, 5);
      if (!'HTTP/'.startsWith(start))
        throw new NotHttpError(`it begins with ${JSON.stringify(start)}`);
      return false;
    }
    const [status = '', ...fields] = this.#take(end + 4)
      .toString('latin1')
      .split('\r\n');
    const code = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(status)?.[1]);
    if (!(code >= 100))
      throw new NotHttpError(`it begins with ${JSON.stringify(status.slice(0, 80))}`);
    // 1xx: the response proper is still to come.
    if (code < 200) return true;
    this.#code = code;
    this.#awaited = bodyAfter(code, fields);
    return true;
  }

  #chunkSize(text: string): void {
    const size = /^[0-9a-f]{1,8}(?=\s*(;|$))/i.exec(text)?.[0];
    if (size === undefined)
      throw new NotHttpError(`a chunk has the size ${JSON.stringify(text.slice(0, 80))}`);
    const left = Number.parseInt(size, 16);
    this.#awaited = left === 0 ? { part: 'trailer' } : { part: 'chunk', left };
  }

  #line(read: (text: string) => void): boolean {
    const end = this.#rest.indexOf('\r\n');
    if (end === -1) {
      this.#refuseEndless();
      return false;
    }
    read(this.#take(end + 2).toString('latin1', 0, end));
    return true;
  }

  #refuseEndless(): void {
    if (this.#rest.length > MAX_HEAD_BYTES) throw new NotHttpError('a line has no end');
  }

  #take(bytes: number): Buffer {
    const taken = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(bytes);
    return taken;
  }
}

/** RFC 9112 §6.3. */
function bodyAfter(code: number, fields: readonly string[]): Awaited {
  if (code === 204 || code === 304) return { part: 'nothing' };
  if (/\bchunked$/i.test(fieldValue(fields, 'transfer-encoding') ?? ''))
    return { part: 'chunk size' };
  const length = fieldValue(fields, 'content-length');
  if (length === undefined) return { part: 'until end' };
  if (!/^\d{1,15}$/.test(length))
    throw new NotHttpError(`content-length is ${JSON.stringify(length)}`);
  return { part: 'bytes', left: Number(length) };
}

function fieldValue(fields: readonly string[], name: string): string | undefined {
  const field = fields.find((line) => line.slice(0, line.indexOf(':')).toLowerCase() === name);
  return field?.slice(field.indexOf(':') + 1).trim();
}
