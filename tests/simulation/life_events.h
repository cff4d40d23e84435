// What happens in a tenant besides the ordinary mail of its days: what backups have gone wrong on.
#pragma once

#include "tests/simulation/dice.h"
#include "tests/simulation/life_world.h"

#include <string>
#include <vector>

namespace simulation {

class LifeEvents {
 public:
  // Both outlive it.
  LifeEvents(LifeWorld& world, Dice& dice) : world_(world), dice_(dice) {}

  // A day passes: ordinary mail, and a few of the events below.
  void live_one_day();
  // Changes of items in a mailbox of the tenant, while somebody reads it.
  void change_meanwhile();
  // An account goes; all that have gone come back.
  void lose_mailbox();
  void bring_back_mailboxes();

 private:
  using Number = simulator::Number;

  // Of a mailbox.
  void move_item();
  void move_and_back();
  void change_item();
  void receive();
  void receive_twice();
  void delete_item();
  void make_folder();
  void rename_folder();
  void move_folder();
  void make_folder_anew();
  void delete_folder();
  void empty_folder();
  void swap_names();
  void poison_item();
  void heal_item();
  // Of the tenant.
  void make_mailbox();
  void expire_tokens();
  void reject_delta_tokens();
  void let_time_pass();

  void happen_once();
  void choose_mailbox(simulator::World& world);
  [[nodiscard]] std::optional<Number> any_item();
  [[nodiscard]] std::optional<Number> own_folder();
  [[nodiscard]] Number mail_folder();
  [[nodiscard]] bool is_below(Number folder, Number above) const;
  [[nodiscard]] base::Instant now();
  [[nodiscard]] std::string new_name();
  void note(const std::string& what);

  LifeWorld& world_;
  Dice& dice_;
  // While something happens.
  simulator::World* tenant_ = nullptr;
  simulator::Mailbox* mailbox_ = nullptr;
  std::uint64_t names_ = 0;
};

}  // namespace simulation
