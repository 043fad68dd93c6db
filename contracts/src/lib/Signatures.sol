// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// Who signed a digest: first by recovery, and by ERC-1271 only where that did not match, so that an account
/// with delegated code (EIP-7702) goes on signing with its key.
library Signatures {
    /// 65 bytes with s in the lower half, or whatever the code of `account` accepts.
    function isBy(address account, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        (address signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
        // The zero address is what recovery gives for no signature.
        if (signer == account) return account != address(0);
        return SignatureChecker.isValidERC1271SignatureNowCalldata(account, digest, signature);
    }
}
