/** For whom a document is: administrators read of their own routes, and of stages, besides. */
export type Audience = 'everyone' | 'admin';
