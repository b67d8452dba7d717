/** What a route asks of the fields of a request. */
export interface InputPolicy {
  /** Name under which a DTO class was registered. */
  readonly dto: string;
  /** Fields that the DTO does not name. */
  readonly unknownFields: 'allow' | 'refuse';
}
