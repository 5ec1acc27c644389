/**
 * A QEMU that starts no guest called `held-…` before it is let go: a launch that a test can stop the clock of. The
 * script becomes QEMU, so its pid is QEMU's.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class HeldQemu implements Disposable {
  readonly #dir = mkdtempSync(join(tmpdir(), 'solovirt-held-'));
  readonly path = join(this.#dir, 'qemu');
  readonly #hold = join(this.#dir, 'hold');

  constructor() {
    this.hold();
    const wait = `while [ -e '${this.#hold}' ]; do sleep 0.02; done`;
    const script = `#!/bin/sh\ncase "$*" in *held-*) ${wait} ;; esac\nexec qemu-system-x86_64 "$@"\n`;
    writeFileSync(this.path, script, { mode: 0o755 });
  }

  hold(): void {
    writeFileSync(this.#hold, '');
  }

  letGo(): void {
    rmSync(this.#hold, { force: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
