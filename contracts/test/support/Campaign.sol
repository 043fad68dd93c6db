// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "./Test.sol";

/// What forge asks a suite of invariants before it lets actors act at random.
abstract contract Campaign is Test {
    /// What forge reads to know which functions to call.
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = actorsAt();
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(actorsAt(), acts());
    }

    /// Where the actors are, once the suite is set up.
    function actorsAt() internal view virtual returns (address);

    /// Their acts; one that stands there twice is called twice as often.
    function acts() internal pure virtual returns (bytes4[] memory);
}
