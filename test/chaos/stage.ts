/** What the actor and the observer share: the run's place, its story, its book, and the daemon as a process. */
import type { Book } from './book.ts';
import type { Daemon } from './daemon.ts';
import type { Place } from './place.ts';
import type { Story } from './story.ts';

export interface Stage {
  readonly place: Place;
  readonly story: Story;
  readonly book: Book;
  readonly daemon: Daemon;
}
