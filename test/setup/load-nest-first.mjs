// Nest must be loaded before CommonJS add-ons that require it, else "Cannot require() ES Module in a cycle".
import 'reflect-metadata';
await import('@nestjs/common');
await import('@nestjs/core');
