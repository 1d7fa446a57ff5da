import { serve } from './thread.ts';
import { Writer } from './writer.ts';

serve({ open: (dir: string) => new Writer(dir), afterwards: (writer) => writer.tidy() });
