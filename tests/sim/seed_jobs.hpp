#pragma once

#include <functional>
#include <string>
#include <vector>

namespace calgate::seeds {

/// Does `work` in so many processes at once, each its share. @param work is given the share's number from 0 on.
/// @return what each gave back, in order. @throws std::runtime_error when one of them did not come to its end.
std::vector<std::string> share_out(int jobs, const std::function<std::string(int share)>& work);

}  // namespace calgate::seeds
