// The folders of a mailbox as the service makes them, and what users add: difficult names included.
#include "tests/simulator/tenant_plan.h"

#include <string>

namespace simulator {
namespace {

Number add(Mailbox& mailbox, Number parent, const char* name, const char* type,
           const char* well_known_name) {
  FolderPlan plan;
  plan.display_name = name;
  plan.type = type;
  plan.well_known_name = well_known_name;
  return mailbox.add_folder(parent, std::move(plan));
}

Number add_own(Mailbox& mailbox, Number parent, std::string name) {
  FolderPlan plan;
  plan.display_name = std::move(name);
  plan.type = "IPF.Note";
  return mailbox.add_folder(parent, std::move(plan));
}

void add_hidden(Mailbox& mailbox, Number parent, const char* name, const char* type) {
  FolderPlan plan;
  plan.display_name = name;
  plan.type = type;
  plan.hidden = true;
  mailbox.add_folder(parent, std::move(plan));
}

void add_sync_issues(Mailbox& mailbox, Number root) {
  const Number issues = add(mailbox, root, "Sync Issues", "IPF.Note", "syncissues");
  add(mailbox, issues, "Conflicts", "IPF.Note", "conflicts");
  add(mailbox, issues, "Local Failures", "IPF.Note", "localfailures");
  add(mailbox, issues, "Server Failures", "IPF.Note", "serverfailures");
}

void add_search_folders(Mailbox& mailbox, Number root) {
  const Number finder = add(mailbox, root, "Search Folders", "", "searchfolders");
  FolderPlan unread;
  unread.display_name = "Unread Mail";
  unread.type = "IPF.Note";
  unread.search = true;
  unread.unlisted_items = 3;
  mailbox.add_folder(finder, std::move(unread));
}

void add_own_folders(Mailbox& mailbox, Number inbox, Number root) {
  const Number projects = add_own(mailbox, inbox, "Projects");
  const Number north = add_own(mailbox, projects, "North");
  add_own(mailbox, north, "Invoices");
  const Number south = add_own(mailbox, projects, "South");
  add_own(mailbox, south, "Invoices");  // the same name below another parent
  add_own(mailbox, root, "Invoices");
  add_own(mailbox, inbox, "In/Out");
  add_own(mailbox, inbox, "C:\\Temp");
  add_own(mailbox, root, "Kunden 🚀 Übersicht");
  std::string longest;
  while (longest.size() < 255) longest += "a very long name ";
  longest.resize(254);
  add_own(mailbox, root, longest + "x");
}

}  // namespace

void add_standard_folders(Mailbox& mailbox) {
  const Number root = mailbox.root();
  const Number inbox = add(mailbox, root, "Inbox", "IPF.Note", "inbox");
  add(mailbox, root, "Drafts", "IPF.Note", "drafts");
  add(mailbox, root, "Sent Items", "IPF.Note", "sentitems");
  add(mailbox, root, "Deleted Items", "IPF.Note", "deleteditems");
  add(mailbox, root, "Junk Email", "IPF.Note", "junkemail");
  add(mailbox, root, "Archive", "IPF.Note", "archive");
  add(mailbox, root, "Outbox", "IPF.Note", "outbox");
  const Number calendar = add(mailbox, root, "Calendar", "IPF.Appointment", "calendar");
  add(mailbox, calendar, "Birthdays", "IPF.Appointment.Birthday", "");
  const Number contacts = add(mailbox, root, "Contacts", "IPF.Contact", "contacts");
  add_hidden(mailbox, contacts, "Recipient Cache", "IPF.Contact.RecipientCache");
  add_hidden(mailbox, contacts, "GAL Contacts", "IPF.Contact.GalContacts");
  add(mailbox, root, "Tasks", "IPF.Task", "tasks");
  add(mailbox, root, "Notes", "IPF.StickyNote", "notes");
  add(mailbox, root, "Journal", "IPF.Journal", "journal");
  FolderPlan history;
  history.display_name = "Conversation History";
  history.type = "IPF.Note";
  history.well_known_name = "conversationhistory";
  history.unlisted_items = 2;
  mailbox.add_folder(root, std::move(history));
  add_sync_issues(mailbox, root);
  add_search_folders(mailbox, root);
  add_hidden(mailbox, root, "PersonMetadata", "IPF.Contact");
  add_hidden(mailbox, root, "Conversation Action Settings", "IPF.Configuration");
  add_hidden(mailbox, root, "Quick Step Settings", "IPF.Configuration");
  add_hidden(mailbox, root, "Yammer Root", "IPF.Note");
  add_own_folders(mailbox, inbox, root);
}

}  // namespace simulator
