import { z } from 'zod';

const settings = z.record(z.string(), z.unknown());

const variable = z.strictObject({
  description: z.string().min(5),
  kind: z.enum(['label', 'host', 'url', 'text']),
  pattern: z
    .string()
    .regex(/^\^.*\$$/)
    .optional(),
  example: z.string().min(1),
  default: z.string().min(1).optional(),
});

/** The form of a preset's file. */
export const presetSchema = z.strictObject({
  title: z.string().min(1),
  docs: z.url({ protocol: /^https$/ }).optional(),
  sources: z.int().min(1).max(100),
  reviewed: z.boolean(),
  checked: z.iso.date(),
  pkce: z.enum(['required', 'supported']).optional(),
  variables: z.record(z.string().regex(/^[a-z][a-z_]*$/), variable).optional(),
  settings,
  notes: z.array(z.string().min(10)).min(1).optional(),
});

/** The form of the file of a provider that was shut down. */
export const deadSchema = z.strictObject({
  title: z.string().min(1),
  dead: z.string().regex(/^(was|is|no|closed|has|removed)\b.*[^.]$/),
  use: z.string().optional(),
});
