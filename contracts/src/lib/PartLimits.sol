// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms} from "../interfaces/ChannelTypes.sol";

/// How many segments and records a block can have (wire-formats.md 2).
library PartLimits {
    /// Two segments that follow each other hold more than twice as many bytes together.
    uint256 private constant BYTES_A_ROW = 8192;
    uint256 private constant RECORDS_A_ROW = 1021;

    /// Segments of one author in a part.
    function rowsMax(ChannelTerms memory terms) internal pure returns (uint256) {
        return terms.authorBytesMax / BYTES_A_ROW + 1;
    }

    /// Records of all parts of a block.
    function recordsMax(ChannelTerms memory terms) internal pure returns (uint256) {
        uint256 count = terms.participants.length;
        return count * count * rowsMax(terms) * RECORDS_A_ROW;
    }
}
