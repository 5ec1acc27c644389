/** Names that the server makes up, as Kubernetes does (`names.SimpleNameGenerator`). */
import { randomInt } from 'node:crypto';

/** Without vowels and what looks alike, so that no words come out (`k8s.io/apimachinery/pkg/util/rand`). */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const MAX_NAME = 63;
const RANDOM = 5;

export function generatedName(prefix: string): string {
  const tail = Array.from({ length: RANDOM }, () => LETTERS[randomInt(LETTERS.length)] ?? '');
  return prefix.slice(0, MAX_NAME - RANDOM) + tail.join('');
}
