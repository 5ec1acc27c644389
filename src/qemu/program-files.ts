/**
 * Where the scripts are that run beside the program: in a checkout and in the package they lie in the directory of
 * the code.
 */
import { fileURLToPath } from 'node:url';

/** Absolute path. `attach` is the wrapper that makes taps, `confine` is the wrapper that shuts a QEMU in, `beside` the one that starts
 * its companions, `parents` the one that forks QEMU's parents, `network-keep` the keeper of a managed network. */
export function programFile(
  name: 'attach' | 'beside' | 'confine' | 'network-keep' | 'parents',
): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
