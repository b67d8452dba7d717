export { type Person, type PersonEnding, type PersonPage, type PersonPart, PersonParts } from './person-part.js';
export { Persons } from './persons.js';
export { PersonsModule } from './persons.module.js';
export { livingAmong } from './tombstones.js';
