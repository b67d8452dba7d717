/** What an owner, named by his key (`ownerKey`), has set of his chatbot. One row an owner. */
export interface ChatbotSettingTable {
  readonly owner: string;
  /** JSON as PHP writes it; `[]` once the owner has reset them. */
  readonly settings: string;
}

export interface ChatbotSettingTables {
  readonly chatbot_setting: ChatbotSettingTable;
}
