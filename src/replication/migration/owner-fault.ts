/** Something is wrong with one owner's data: it is listed, and the run goes on. The message holds nothing of the data. */
export class OwnerFault extends Error {
  override readonly name = 'OwnerFault';
}
