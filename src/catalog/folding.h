// Comparing texts the way people type them: without regard to case and, for searching, to
// diacritics.
//
// Covered: ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic letters; combining marks (U+0300 to
// U+036F) are dropped when searching, so that composed and decomposed spellings meet. Other letters
// compare as they are, and so do ill-formed bytes. Independent of the machine's locale.
#pragma once

#include <string>
#include <string_view>

namespace catalog {

// "Straße ÀÇ" -> "straße àç"
std::string fold_case(std::string_view text);

// "Straße ÀÇ Łódź" -> "strasse ac lodz"
std::string fold_for_search(std::string_view text);

}  // namespace catalog
