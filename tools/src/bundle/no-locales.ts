/** In the place of zod's messages in fifty languages, which nobody reads here: a quarter of a bundle. English is not among them. */
export {};
